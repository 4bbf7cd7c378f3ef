package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go/cmd/paygates/internal/screen"
	"github.com/paygates/paygates-go/cmd/paygates/internal/text"
	"github.com/paygates/paygates-go/gatewaytest"
	"github.com/paygates/paygates-go/internal/gateway"
)

// check returns the status and the message of a check, "" if it did not run.
func check(events []event, name string) (status, message string) {
	for _, e := range events {
		if e["name"] == name {
			status, _ = e["status"].(string)
			message, _ = e["message"].(string)
		}
	}
	return status, message
}

// checks returns the messages of the checks with a name, by their status.
func checks(events []event, name string) map[string]string {
	found := map[string]string{}
	for _, e := range events {
		if e["name"] == name {
			status, _ := e["status"].(string)
			found[status], _ = e["message"].(string)
		}
	}
	return found
}

func TestDoctorIsContent(t *testing.T) {
	t.Parallel()
	code, events := programJSON(t, nil, "doctor", "--fake")
	assert.Zero(t, code)
	seen := map[any]bool{}
	for _, e := range events {
		assert.Equal(t, "check", e["event"])
		assert.Equal(t, "event gateway message name status", e.names())
		assert.Contains(t, []any{"ok", "skipped"}, e["status"], e)
		seen[e["gateway"]] = true
	}
	assert.Len(t, seen, len(gateway.All()))

	// With the SDK's handler behind the notify URL.
	for _, name := range gateway.Names() {
		_, env := startFake(t, name)
		server := merchant(t, name, env)
		code, events := programJSON(t, env, "doctor", "--notify-url", server.URL)
		assert.Zero(t, code, events)
		_, message := check(events, "notify URL")
		assert.Contains(t, message, "rejects a notification that is not genuine", name)
		status, _ := check(events, "query")
		assert.Equal(t, "ok", status, name)
	}
}

func TestDoctorFindsProblems(t *testing.T) {
	t.Parallel()
	problem := func(change func(*gateway.Fake, gateway.Env), name, want string) {
		t.Helper()
		fake, env := startFake(t, "gatepay")
		change(fake, env)
		code, events := programJSON(t, env, "doctor", "gatepay")
		assert.Equal(t, exitFailed, code, want)
		status, message := check(events, name)
		assert.Equal(t, "failed", status, want)
		assert.Contains(t, message, want)
		assert.Equal(t, "check_failed", events[len(events)-1]["kind"])
	}
	problem(func(_ *gateway.Fake, env gateway.Env) { env["GATEPAY_SECERT"] = "x" }, "environment", "did you mean GATEPAY_SECRET?")
	problem(func(_ *gateway.Fake, env gateway.Env) { env["GATEPAY_SECRET"] = "wrong" }, "query", "104")
	problem(func(_ *gateway.Fake, env gateway.Env) { env["GATEPAY_BASE_URL"] = refused }, "GATEPAY_BASE_URL", "connection refused")
	problem(func(_ *gateway.Fake, env gateway.Env) { env["GATEPAY_BASE_URL"] = "not a URL" }, "GATEPAY_BASE_URL", "not a URL")
	problem(func(fake *gateway.Fake, _ gateway.Env) {
		fake.InjectFault(gatewaytest.Fault{Path: "/api/", Status: 403, Body: "<html>Request blocked</html>"})
	}, "query", "a firewall (WAF)")
	wrongClock := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Date", time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat))
	})
	problem(func(_ *gateway.Fake, env gateway.Env) { env["GATEPAY_CLOUD_BASE_URL"] = wrongClock.URL }, "clock", "by 1h0m")

	_, env := startFake(t, "ispay")
	env["ISPAY_SECRET"] = "'" + env["ISPAY_SECRET"] + "'"
	_, events := programJSON(t, env, "doctor", "ispay")
	credentials := checks(events, "credentials")
	assert.Contains(t, credentials["warning"], "quotes")
	assert.NotContains(t, credentials["warning"], "example")
}

// What a query of an unknown order tells about the credentials, and what it does not.
func TestDoctorSaysWhichCredentialsWereChecked(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]map[string]string{
		"ispay": {"skipped": "not checked: ISPAY_USER_ID and ISPAY_SECRET"},
		"codepay": {
			"ok":      "the gateway accepts CODEPAY_USER_ID and CODEPAY_TOKEN",
			"skipped": "not checked: CODEPAY_SECRET",
		},
		"gatepay":     {"ok": "the gateway accepts GATEPAY_APP_KEY and GATEPAY_SECRET"},
		"kechengcang": {"skipped": "not checked: KECHENGCANG_APP_ID and KECHENGCANG_SECRET"},
		"pingpp": {
			"ok":      "the gateway accepts PINGPP_API_KEY",
			"skipped": "not checked: PINGPP_TOKEN, PINGPP_WEBHOOK_PUBLIC_KEY and PINGPP_PRIVATE_KEY",
		},
	} {
		_, env := startFake(t, name)
		_, events := programJSON(t, env, "doctor", name)
		assert.Equal(t, want, checks(events, "credentials"), name)

		// What is wrong is not accepted.
		for variable := range env {
			if !slices.Contains(gateway.Find(name).Needed(), variable) || strings.HasSuffix(variable, "_BASE_URL") || strings.Contains(env[variable], "-----BEGIN") {
				continue
			}
			wrong := maps.Clone(env)
			wrong[variable] = "999999"
			code, events := programJSON(t, wrong, "doctor", name)
			if strings.Contains(want["ok"], variable) {
				assert.Equal(t, exitFailed, code, variable)
				assert.Empty(t, checks(events, "credentials"), variable)
				continue
			}
			assert.Zero(t, code, variable)
			assert.Contains(t, checks(events, "credentials")["skipped"], variable)
		}
	}
	_, env := startFake(t, "codepay")
	delete(env, "CODEPAY_TOKEN")
	_, events := programJSON(t, env, "doctor", "codepay")
	assert.Equal(t, map[string]string{"skipped": "not checked: CODEPAY_USER_ID and CODEPAY_SECRET"}, checks(events, "credentials"))
}

func TestDoctorJudgesTheNotifyURL(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		status        int
		body          string
		level, reason string
	}{
		{200, "success", "failed", "anyone can credit orders"},
		{200, "fail", "ok", "rejects"},
		{403, "fail", "ok", "rejects"},
		{403, "<html>Access denied</html>", "failed", "a firewall (WAF) or a login page?"},
		{302, "", "failed", "do not follow redirects"},
		{404, "not found", "failed", "no handler at this path"},
		{405, "", "failed", "must accept GET"},
		{500, "", "failed", "your server failed"},
		{502, "bad gateway", "warning", "could not confirm"},
	} {
		_, env := startFake(t, "ispay")
		server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(test.status)
			_, _ = io.WriteString(w, test.body)
		})
		env["ISPAY_NOTIFY_URL"] = server.URL
		code, events := programJSON(t, env, "doctor")
		status, message := check(events, "notify URL")
		assert.Equal(t, test.level, status, message)
		assert.Contains(t, message, test.reason)
		assert.Equal(t, test.level == "failed", code == exitFailed)
	}
	_, env := startFake(t, "ispay")
	code, events := programJSON(t, env, "doctor", "--notify-url", refused)
	assert.Equal(t, exitFailed, code)
	_, message := check(events, "notify URL")
	assert.Contains(t, message, "connection refused")
	_, events = programJSON(t, env, "doctor", "--notify-url", "notify")
	_, message = check(events, "notify URL")
	assert.Contains(t, message, "not an http or https URL")
}

// A fake on this machine reaches a notify URL on it, which a gateway does not.
func TestDoctorKnowsWhoReachesTheNotifyURL(t *testing.T) {
	t.Parallel()
	_, env := startFake(t, "ispay")
	server := merchant(t, "ispay", env)
	_, events := programJSON(t, env, "doctor", "ispay", "--notify-url", server.URL)
	assert.NotContains(t, checks(events, "notify URL"), statusWarning)

	var stdout buffer
	d := doctor{
		app: &app{screen: screen.New(screen.Settings{Stdout: &stdout, Stderr: io.Discard, JSON: true})}, gateway: gateway.Find("ispay"),
		env: gateway.Env{"ISPAY_BASE_URL": "https://gateway.example.com"}, notifyURL: server.URL,
	}
	d.checkNotifyURL(context.Background(), &gateway.Client{})
	assert.Contains(t, stdout.String(), "the gateway cannot reach a private address")
}

func TestDoctorSaysThatTheGatewayIsNotThere(t *testing.T) {
	t.Parallel()
	_, env := startFake(t, "ispay")
	env["ISPAY_BASE_URL"] = refused
	_, events := programJSON(t, env, "doctor", "ispay")
	status, message := check(events, "ISPAY_BASE_URL")
	assert.Equal(t, statusFailed, status)
	assert.Equal(t, "no response from "+strings.TrimPrefix(refused, "http://")+": connection refused: check the address and the port", message)
}

// Two base URLs of one host have one clock.
func TestDoctorChecksEachClockOnce(t *testing.T) {
	t.Parallel()
	for _, g := range gateway.All() {
		_, env := startFake(t, g.Name)
		_, events := programJSON(t, env, "doctor", g.Name)
		clocks := slices.DeleteFunc(events, func(e event) bool { return e["name"] != "clock" })
		require.Len(t, clocks, 1, g.Name)
		assert.Regexp(t, `^within a minute of 127\.0\.0\.1:\d+$`, clocks[0]["message"])
	}
	_, env := startFake(t, "gatepay")
	other, _ := startFake(t, "gatepay")
	env["GATEPAY_CLOUD_BASE_URL"] = other.Target
	_, events := programJSON(t, env, "doctor", "gatepay")
	assert.Len(t, slices.DeleteFunc(events, func(e event) bool { return e["name"] != "clock" }), 2)
}

func TestDoctorChecksTLS(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	_, env := startFake(t, "ispay")
	env["ISPAY_BASE_URL"] = server.URL
	_, events := programJSON(t, env, "doctor", "ispay")
	status, message := check(events, "ISPAY_BASE_URL")
	assert.Equal(t, statusFailed, status)
	assert.Contains(t, message, "certificate")

	for validFor, want := range map[time.Duration]string{time.Hour: statusWarning, 24 * 365 * time.Hour: statusOK} {
		var stdout buffer
		d := doctor{
			app:     &app{screen: screen.New(screen.Settings{Stdout: &stdout, Stderr: io.Discard, JSON: true})},
			gateway: gateway.Find("ispay"),
		}
		d.checkTLS("ISPAY_BASE_URL", &tls.ConnectionState{
			Version: tls.VersionTLS13, PeerCertificates: []*x509.Certificate{{NotAfter: time.Now().Add(validFor)}},
		}, 20*time.Millisecond)
		assert.Contains(t, stdout.String(), `"status":"`+want+`"`)
		assert.Contains(t, stdout.String(), "responds after 20 ms with TLS 1.3, certificate valid until 20")
	}
}

func TestNearest(t *testing.T) {
	t.Parallel()
	names := []string{"ISPAY_USER_ID", "ISPAY_SECRET", "ISPAY_BASE_URL"}
	for name, want := range map[string]string{"ISPAY_USERID": names[0], "ISPAY_SECERT": names[1], "ISPAY_URL": names[2]} {
		assert.Equal(t, want, nearest(name, names))
	}
	assert.Equal(t, "A, B and C", text.English.And([]string{"A", "B", "C"}))
	require.Empty(t, text.English.And(nil))
}
