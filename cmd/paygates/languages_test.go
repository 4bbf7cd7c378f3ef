package main

import (
	"context"
	"encoding/json"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The shops of the README in PHP and JavaScript take a payment in the sandbox. Without php
// and node they are not run.
func TestOtherLanguages(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	for language, command := range map[string]func(file, address string) []string{
		"php": func(file, address string) []string { return []string{"php", "-S", address, file} },
		"js":  func(file, _ string) []string { return []string{"node", file} },
	} {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			block := regexp.MustCompile("(?s)```" + language + "\n(.*?)```").FindSubmatch(readme)
			require.NotNil(t, block)
			address := freeAddress(t)
			file := filepath.Join(t.TempDir(), "shop."+language)
			require.NoError(t, os.WriteFile(file, block[1], 0o600))
			args := command(file, address)
			if _, err := exec.LookPath(args[0]); err != nil {
				t.Skip(args[0] + " is not installed")
			}
			takePayment(t, address, args)
		})
	}
}

func takePayment(t *testing.T, address string, args []string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	s := startSandbox(ctx, t)
	_, port, err := net.SplitHostPort(address)
	require.NoError(t, err)
	shop := exec.CommandContext(ctx, args[0], args[1:]...)
	shop.Env = append(environ(s.env), "PATH="+os.Getenv("PATH"), "PORT="+port)
	require.NoError(t, shop.Start())
	defer func() { _ = shop.Wait() }()
	defer cancel()

	var created struct {
		OrderID string `json:"order_id"`
		Message string `json:"msg"`
	}
	fetch(ctx, t, http.MethodGet, "http://"+address+"/", &created)
	require.Equal(t, "ok", created.Message)
	for _, test := range []struct {
		action   string
		accepted bool
	}{{"tamper", false}, {"pay", true}, {"tamper", false}} {
		var done struct {
			Delivery struct {
				Accepted bool
				Response string
			}
		}
		fetch(ctx, t, http.MethodPost, s.page+"/api/orders/codepay/"+created.OrderID+"/"+test.action, &done)
		assert.Equal(t, test.accepted, done.Delivery.Accepted, "%s: %s", test.action, done.Delivery.Response)
	}
}

// fetch reads JSON. It tries again until the server listens.
func fetch(ctx context.Context, t *testing.T, method, url string, into any) {
	t.Helper()
	for {
		request, err := http.NewRequestWithContext(ctx, method, url, http.NoBody)
		require.NoError(t, err)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			if ctx.Err() != nil {
				t.Fatal(err)
			}
			time.Sleep(20 * time.Millisecond)
			continue
		}
		text, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.NoError(t, json.Unmarshal(text, into), string(text))
		return
	}
}

// freeAddress returns an address whose port is below those that the system gives to
// outgoing connections and to other tests.
func freeAddress(t *testing.T) string {
	t.Helper()
	for range 1000 {
		listener, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(20000+rand.IntN(10000)))
		if err == nil {
			require.NoError(t, listener.Close())
			return listener.Addr().String()
		}
	}
	t.Fatal("no free port")
	return ""
}
