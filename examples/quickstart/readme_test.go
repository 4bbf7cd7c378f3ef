package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	port    = regexp.MustCompile(`127\.0\.0\.1:\d+`)
	qrLines = regexp.MustCompile(`(?m)^.*[█▀▄].*\n`)
	outputs = regexp.MustCompile("(?s)<!-- output: quickstart ispay -->\n```\n(.*?)```")
)

// The READMEs show what the quickstart prints, but for ports and QR codes.
func TestTheReadmesShowTheTrueOutput(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	require.NoError(t, run(&out, []string{"ispay"}))
	printed := strings.TrimSpace(port.ReplaceAllString(qrLines.ReplaceAllString(out.String(), ""), "127.0.0.1:1"))
	for _, readme := range []string{"README.md", "README.zh-CN.md"} {
		text, err := os.ReadFile(filepath.Join("..", "..", readme))
		require.NoError(t, err)
		shown := outputs.FindStringSubmatch(string(text))
		require.NotNil(t, shown, readme)
		assert.Equal(t, printed, strings.TrimSpace(port.ReplaceAllString(shown[1], "127.0.0.1:1")), readme)
	}
}
