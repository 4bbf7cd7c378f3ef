package screen

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

type sample struct {
	Number  string   `json:"number"`
	Empty   string   `json:"empty"`
	PayPage string   `json:"pay_page"`
	Paid    bool     `json:"paid"`
	Count   int      `json:"count"`
	Notes   []string `json:"notes"`
	Nothing *int     `json:"nothing"`
}

var example = sample{
	Number: "A1", PayPage: "https://pay.example.com/transfer/424843497502158848", Count: 2,
	Notes: []string{"one", "two\x1b[31m"},
}

func newScreen(env map[string]string, json bool) (s *Screen, stdout, stderr *bytes.Buffer) {
	stdout, stderr = &bytes.Buffer{}, &bytes.Buffer{}
	return New(Settings{Stdout: stdout, Stderr: stderr, JSON: json, Env: env}), stdout, stderr
}

func TestResult(t *testing.T) {
	t.Parallel()
	s, stdout, _ := newScreen(nil, false)
	s.Result("created", example)
	assert.Equal(t, `created
  number          A1
  pay page        https://pay.example.com/transfer/424843497502158848
  paid            no
  count           2
  notes           one
  notes           two?[31m
`, stdout.String())

	s, stdout, _ = newScreen(map[string]string{"COLUMNS": "40"}, false)
	s.Result("created", example)
	assert.Contains(t, stdout.String(), "  pay page\n    https://pay.example.com/transfer/424843497502158848\n")
	s.QR("https://pay.example.com/t/1")
	for _, line := range strings.Split(stdout.String(), "\n") {
		assert.True(t, len([]rune(line)) <= 40 || strings.Contains(line, "://"), line)
	}

	s, stdout, _ = newScreen(nil, true)
	s.Result("created", example)
	s.QR("not for programs")
	assert.Equal(t, `{"event":"created","number":"A1","empty":"","pay_page":"https://pay.example.com/transfer/424843497502158848",`+
		`"paid":false,"count":2,"notes":["one","two\u001b[31m"],"nothing":null}`+"\n", stdout.String())
}

func TestLanguage(t *testing.T) {
	t.Parallel()
	for name, env := range map[string]map[string]string{
		"LANG": {"LANG": "zh_CN.UTF-8"}, "LC_ALL": {"LC_ALL": "zh_TW", "LANG": "en_US"},
	} {
		s, stdout, stderr := newScreen(env, false)
		s.Result("created", example)
		s.Note("Fake gateway at %s.", "x")
		assert.Contains(t, stdout.String(), "已下单\n  查单用号", name)
		assert.Equal(t, "模拟网关：x\n", stderr.String())
	}
	s, stdout, _ := newScreen(map[string]string{"LC_ALL": "C", "LANG": "zh_CN"}, false)
	s.Result("created", example)
	assert.Contains(t, stdout.String(), "created\n")
	// Programs read the same names in every language.
	s, stdout, _ = newScreen(map[string]string{"LANG": "zh_CN"}, true)
	s.Result("created", example)
	assert.Contains(t, stdout.String(), `{"event":"created","number":`)
}

func TestColor(t *testing.T) {
	t.Parallel()
	s, _, _ := newScreen(nil, false)
	assert.Equal(t, "x", s.Color(Red, "x"), "not a terminal")
	s.colors = true
	assert.Equal(t, "\x1b[31mx\x1b[0m", s.Color(Red, "x"))
}

func TestProgress(t *testing.T) {
	t.Parallel()
	s, stdout, stderr := newScreen(nil, false)
	stop := s.Progress("Waiting for the payment")
	log := s.Logger().With("gateway", "ispay").WithGroup("g")
	log.Info("state", "state", "5 (awaiting payment)")
	log.Debug("not for people")
	log.Warn("waiting", "error", "HTTP 404")
	log.Warn("waiting", "error", "HTTP 404")
	log.Debug("state", "state", "5 (awaiting payment)")
	log.Warn("odd\x1b[0m", "reason", "x")
	stop()
	log.Log(context.Background(), slog.LevelInfo, "after", "state", "9")
	assert.Equal(t, "Waiting for the payment (Ctrl-C ends)\nWaiting for the payment 0 s: 5 (awaiting payment)\nWaiting for the payment 0 s: HTTP 404\nWaiting for the payment 0 s: 5 (awaiting payment)\nodd?[0m gateway=\"ispay\" reason=\"x\"\nafter gateway=\"ispay\" state=\"9\"\n", stderr.String())
	assert.Empty(t, stdout.String())

	// On a terminal the line is redrawn, never wider than the screen, and removed.
	s, _, stderr = newScreen(map[string]string{"COLUMNS": "20"}, false)
	s.moves = true
	stop = s.Progress("Waiting for the payment")
	s.Note("note")
	stop()
	assert.True(t, strings.HasSuffix(stderr.String(), clearLine))
	for _, line := range strings.Split(stderr.String(), clearLine) {
		assert.LessOrEqual(t, len([]rune(strings.TrimSuffix(line, "note\n"))), 20)
	}
}

// On a narrow screen whole words are left out, and the state is the last to go.
func TestProgressFits(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		columns, state, want string
	}{
		{"80", "", "Waiting for the payment (Ctrl-C ends) 0 s"},
		{"80", "5 (awaiting payment)", "Waiting for the payment (Ctrl-C ends) 0 s: 5 (awaiting payment)"},
		{"60", "5 (awaiting payment)", "Waiting for the payment 0 s: 5 (awaiting payment)"},
		{"40", "", "Waiting for the payment 0 s"},
		{"40", "5 (awaiting payment)", "0 s: 5 (awaiting payment)"},
		{"40", "8 (paid, awaiting confirmation)", "0 s: 8 (paid, awaiting confirmation)"},
		{"27", "", "Waiting for the payment"},
		{"25", "5 (awaiting payment)", "5 (awaiting payment)"},
		{"10", "5 (awaiting payment)", "5 (awai"},
	} {
		s, _, stderr := newScreen(map[string]string{"COLUMNS": test.columns}, false)
		s.moves = true
		stop := s.Progress("Waiting for the payment")
		if test.state != "" {
			s.newState(test.state)
		}
		stop()
		drawn := strings.Split(strings.TrimSuffix(stderr.String(), clearLine), clearLine)
		assert.Equal(t, test.want, string([]rune(drawn[len(drawn)-1])[2:]))
	}
}

func TestQRIsTooWide(t *testing.T) {
	t.Parallel()
	s, stdout, stderr := newScreen(map[string]string{"COLUMNS": "20"}, false)
	s.QR("https://pay.example.com/transfer/424843497502158848")
	assert.Empty(t, stdout.String())
	assert.Contains(t, stderr.String(), "The QR code needs 33 columns.")
	s.QR(strings.Repeat("x", 4000))
	assert.Contains(t, stderr.String(), "too long for a QR code")
}
