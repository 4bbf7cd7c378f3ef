package cli

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"
)

// screen keeps results, notes and the progress line apart.
type screen struct {
	stdout, stderr io.Writer
	moves          bool // stderr is a terminal: the progress line can be redrawn
	colours        bool // stdout is one

	mu     sync.Mutex
	what   string // "" while there is no progress to show
	state  string
	since  time.Time
	frames int
}

func newScreen(stdout, stderr io.Writer, env func(string) string) *screen {
	dumb := env("TERM") == "dumb"
	return &screen{
		stdout: stdout, stderr: stderr,
		moves: isTerminal(stderr) && !dumb, colours: isTerminal(stdout) && !dumb,
	}
}

func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

const clearLine = "\r\x1b[K"

func (s *screen) clear() {
	if s.what != "" && s.moves {
		_, _ = io.WriteString(s.stderr, clearLine)
	}
}

// coloured makes a QR code dark on light, whatever the colours of the terminal.
func (s *screen) coloured(code []byte) []byte {
	if !s.colours {
		return code
	}
	lines := strings.Split(strings.TrimRight(string(code), "\n"), "\n")
	for i, line := range lines {
		lines[i] = "   \x1b[97;40m" + strings.TrimPrefix(line, "   ") + "\x1b[0m"
	}
	return []byte(strings.Join(lines, "\n") + "\n")
}

func (s *screen) note(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clear()
	_, _ = io.WriteString(s.stderr, text+"\n")
	s.draw()
}

func (s *screen) result(text []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clear()
	_, _ = s.stdout.Write(text)
	s.draw()
}

// draw draws the progress line anew, where lines can be drawn anew.
func (s *screen) draw() {
	if s.what == "" || !s.moves {
		return
	}
	frames := []rune("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏")
	s.frames++
	_, _ = fmt.Fprintf(s.stderr, "%s%c %s", clearLine, frames[s.frames%len(frames)], s.line())
}

func (s *screen) line() string {
	line := fmt.Sprintf("%s, %d s", s.what, int(time.Since(s.since).Seconds()))
	if s.state != "" {
		line += ": " + s.state
	}
	return line
}

// progress shows that something goes on until stop is called: a line that moves
// on a terminal, elsewhere a line every ten seconds.
func (s *screen) progress(what string) (stop func()) {
	const beat, longBeat = 120 * time.Millisecond, 10 * time.Second
	s.mu.Lock()
	s.what, s.state, s.since = what, "", time.Now()
	pause := longBeat
	if s.moves {
		pause = beat
		s.draw()
	} else {
		_, _ = io.WriteString(s.stderr, what+" (Ctrl-C ends it)\n")
	}
	s.mu.Unlock()
	ticker := time.NewTicker(pause)
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-done:
				return
			case <-ticker.C:
				s.beat()
			}
		}
	}()
	return func() {
		ticker.Stop()
		close(done)
		<-ended
		s.mu.Lock()
		defer s.mu.Unlock()
		s.clear()
		s.what = ""
	}
}

func (s *screen) beat() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.moves {
		s.draw()
		return
	}
	_, _ = io.WriteString(s.stderr, s.line()+"\n")
}

// handler writes what the SDK logs: a new state becomes progress, a warning a
// line of its own.
type handler struct {
	screen *screen
	attrs  []slog.Attr
}

// Enabled takes all that a person would want to see.
func (h handler) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelInfo }

// WithAttrs implements slog.Handler.
func (h handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	h.attrs = append(append([]slog.Attr(nil), h.attrs...), attrs...)
	return h
}

// WithGroup implements slog.Handler. Groups make no difference here.
func (h handler) WithGroup(string) slog.Handler { return h }

// Handle implements slog.Handler.
func (h handler) Handle(_ context.Context, record slog.Record) error {
	state := ""
	var rest strings.Builder
	each := func(attr slog.Attr) bool {
		if attr.Key == "state" {
			state = "state " + attr.Value.String()
		}
		_, _ = fmt.Fprintf(&rest, " %s=%q", attr.Key, attr.Value.String())
		return true
	}
	for _, attr := range h.attrs {
		each(attr)
	}
	record.Attrs(each)
	if state != "" && record.Level == slog.LevelInfo && h.screen.newState(state) {
		return nil
	}
	h.screen.note(record.Message + rest.String())
	return nil
}

// newState reports false if nothing is being waited for.
func (s *screen) newState(state string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.what == "" {
		return false
	}
	s.state = state
	if s.moves {
		s.draw()
	} else {
		_, _ = io.WriteString(s.stderr, s.line()+"\n")
	}
	return true
}
