package screen

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"
)

const clearLine = "\r\x1b[K"

func (s *Screen) clear() {
	if s.progress.what != "" && s.moves {
		_, _ = io.WriteString(s.stderr, clearLine)
	}
}

// draw draws the progress line again on a terminal.
func (s *Screen) draw() {
	if s.progress.what == "" || !s.moves {
		return
	}
	frames := []rune("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏")
	s.progress.frames++
	line := string(frames[s.progress.frames%len(frames)]) + " "
	if s.width > 0 {
		room := s.width - 1 - Width(line)
		line += cut(s.fitting(room), room)
	} else {
		line += s.line(s.hinted())
	}
	_, _ = io.WriteString(s.stderr, clearLine+line)
}

// fitting returns the progress with as much of it as fits into a width. The last words to
// go are those that say what is new.
func (s *Screen) fitting(width int) string {
	what, state := s.progress.what, s.language.Foreign(s.progress.state)
	lines := []string{s.line(s.hinted()), s.line(what), s.Text("%d s: %s", s.seconds(), state), state}
	if state == "" {
		lines = []string{s.line(s.hinted()), s.line(what), what}
	}
	for _, line := range lines {
		if Width(line) <= width {
			return line
		}
	}
	return lines[len(lines)-1]
}

func (s *Screen) line(what string) string {
	if s.progress.state == "" {
		return s.Text("%s %d s", what, s.seconds())
	}
	return s.Text("%s %d s: %s", what, s.seconds(), s.language.Foreign(s.progress.state))
}

func (s *Screen) hinted() string { return s.Text("%s (Ctrl-C ends)", s.progress.what) }

func (s *Screen) seconds() int { return int(time.Since(s.progress.since).Seconds()) }

// Progress shows that something goes on until stop is called or Ctrl-C: a moving line on a
// terminal, otherwise a line every ten seconds.
func (s *Screen) Progress(what string) (stop func()) {
	const beat, slowBeat = 120 * time.Millisecond, 10 * time.Second
	s.mu.Lock()
	s.progress = progress{what: s.Text(what), since: time.Now()}
	interval := slowBeat
	if s.moves {
		interval = beat
		s.draw()
	} else {
		_, _ = io.WriteString(s.stderr, s.hinted()+"\n")
	}
	s.mu.Unlock()
	ticker := time.NewTicker(interval)
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
		s.progress = progress{}
	}
}

func (s *Screen) beat() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.moves {
		s.draw()
		return
	}
	_, _ = io.WriteString(s.stderr, s.line(s.progress.what)+"\n")
}

// newState shows a new state in the progress line. It reports false if nothing is being
// waited for.
func (s *Screen) newState(state string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.progress.what == "" {
		return false
	}
	state = Printable(state)
	if state == s.progress.state {
		return true
	}
	s.progress.state = state
	if s.moves {
		s.draw()
	} else {
		_, _ = io.WriteString(s.stderr, s.line(s.progress.what)+"\n")
	}
	return true
}

// Logger returns a logger for the SDK: a new state, or an error while something is waited
// for, becomes progress, a warning a line on stderr.
func (s *Screen) Logger() *slog.Logger { return slog.New(handler{screen: s}) }

type handler struct {
	screen *Screen
	attrs  []slog.Attr
}

// Enabled accepts everything: a state that is the same as before is logged as DEBUG.
func (h handler) Enabled(context.Context, slog.Level) bool { return true }

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
		if attr.Key == "state" || attr.Key == "error" && record.Level >= slog.LevelInfo {
			state = attr.Value.String()
		}
		_, _ = fmt.Fprintf(&rest, " %s=%q", attr.Key, attr.Value.String())
		return true
	}
	for _, attr := range h.attrs {
		each(attr)
	}
	record.Attrs(each)
	// A create of unknown outcome returns an error that says the same.
	isReturned := strings.HasSuffix(record.Message, ": create with unknown outcome")
	if state != "" && h.screen.newState(state) || record.Level < slog.LevelInfo || isReturned {
		return nil
	}
	h.screen.note(h.screen.language.Foreign(record.Message) + rest.String())
	return nil
}
