package exampletest

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Each program prints its usage, and rejects an argument before it does anything else.
func TestArgumentsOfPrograms(t *testing.T) {
	t.Parallel()
	dir, names := t.TempDir(), programs(t)
	build := []string{"build", "-o", dir + string(filepath.Separator)}
	for _, name := range names {
		build = append(build, "../../"+name)
	}
	output, err := exec.CommandContext(context.Background(), "go", build...).CombinedOutput()
	require.NoError(t, err, "%s", output)
	for _, name := range names {
		for _, help := range []string{"-h", "--help"} {
			stderr, status := start(t, filepath.Join(dir, name), help)
			assert.Zero(t, status, name)
			assert.Regexp(t, `^`+name+` takes one payment through `, stderr)
		}
		for _, wrong := range []string{"--hlep", "wrong"} {
			stderr, status := start(t, filepath.Join(dir, name), wrong)
			assert.Equal(t, 2, status, name)
			assert.Regexp(t, "^(quickstart: unknown gateway \"wrong\"|flag provided but not defined: -hlep|unexpected argument \"wrong\")", stderr)
		}
	}
}

// programs returns the names of the programs of this module.
func programs(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../../*/main.go")
	require.NoError(t, err)
	var names []string
	for _, file := range files {
		if _, err := os.Stat(filepath.Join(filepath.Dir(file), "go.mod")); err != nil {
			names = append(names, filepath.Base(filepath.Dir(file)))
		}
	}
	require.Contains(t, names, "ispay")
	return names
}

// start runs a program, which prints nothing on stdout.
func start(t *testing.T, program, arg string) (output string, status int) {
	t.Helper()
	command := exec.CommandContext(context.Background(), program, arg)
	command.Env = []string{}
	var stdout, stderr strings.Builder
	command.Stdout, command.Stderr = &stdout, &stderr
	err := command.Run()
	assert.Empty(t, stdout.String())
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return stderr.String(), command.ProcessState.ExitCode()
}
