package main

import (
	"io"
	"os"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.TestMode)
	os.Exit(m.Run())
}

func TestEveryFrameworkPlays(t *testing.T) {
	t.Parallel()
	for _, f := range frameworks() {
		for _, way := range [][]string{{"-framework", f.name}, {"-framework", f.name, "-by-hand"}} {
			t.Run(strings.Join(way, " "), func(t *testing.T) {
				t.Parallel()
				var out strings.Builder
				require.NoError(t, run(way, &out, io.Discard))
				assert.Contains(t, out.String(), f.name+" listens")
				assert.Equal(t, 5, strings.Count(out.String(), " fail "), out.String())
				assert.Contains(t, out.String(), "5 payments were credited, each once.")
			})
		}
	}
}

func TestWrongArguments(t *testing.T) {
	t.Parallel()
	var out, logs strings.Builder
	require.ErrorContains(t, run([]string{"-framework", "jin"}, &out, &logs), `unknown framework "jin": expected gin, echo, chi or fiber`)
	require.Error(t, run([]string{"-farmework", "gin"}, &out, &logs))
	require.ErrorContains(t, run([]string{"gin"}, &out, &logs), `unexpected argument "gin"`)
	assert.Empty(t, out.String())
}

// The README shows lines of the files that it names.
func TestReadmeShowsTheSources(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	_, rest, _ := strings.Cut(string(readme), "```go\n")
	block, _, _ := strings.Cut(rest, "\n```")
	lines := strings.Split(block, "\n")
	assert.Len(t, lines, len(frameworks()))
	for _, line := range lines {
		code, file, _ := strings.Cut(line, "// ")
		source, err := os.ReadFile(file)
		require.NoError(t, err)
		assert.Contains(t, string(source), "\t"+strings.TrimSpace(code)+"\n")
	}
}
