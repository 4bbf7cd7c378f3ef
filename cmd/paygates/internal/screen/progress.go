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
	line := string(frames[s.progress.frames%len(frames)]) + " " + s.line()
	if s.width > 0 {
		line = cut(line, s.width-1)
	}
	_, _ = io.WriteString(s.stderr, clearLine+line)
}

func (s *Screen) line() string {
	seconds := int(time.Since(s.progress.since).Seconds())
	if s.progress.state == "" {
		return s.Text("%s %d s", s.progress.what, seconds)
	}
	return s.Text("%s %d s: %s", s.progress.what, seconds, s.language.Foreign(s.progress.state))
}

// Progress shows that something goes on until stop is called: a moving line on a
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
		_, _ = io.WriteString(s.stderr, s.Text(what)+"\n")
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
	_, _ = io.WriteString(s.stderr, s.line()+"\n")
}

// newState shows a new state in the progress line. It reports false if nothing is being
// waited for.
func (s *Screen) newState(state string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.progress.what == "" {
		return false
	}
	s.progress.state = Printable(state)
	if s.moves {
		s.draw()
	} else {
		_, _ = io.WriteString(s.stderr, s.line()+"\n")
	}
	return true
}

// Logger returns a logger for the SDK: a new state becomes progress, a warning a line on
// stderr.
func (s *Screen) Logger() *slog.Logger { return slog.New(handler{screen: s}) }

type handler struct {
	screen *Screen
	attrs  []slog.Attr
}

// Enabled accepts everything that a person wants to see.
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
			state = attr.Value.String()
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
	h.screen.note(h.screen.language.Foreign(record.Message) + rest.String())
	return nil
}
