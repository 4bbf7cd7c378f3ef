// Package terminal is how the example programs show things to a person.
package terminal

import (
	"fmt"
	"io"
	"strings"

	"github.com/mdp/qrterminal/v3"
)

// Story prints a numbered account of what a program does.
type Story struct {
	Out   io.Writer
	steps int
}

// Title begins a part.
func (s *Story) Title(title string) {
	s.steps = 0
	_, _ = fmt.Fprintf(s.Out, "\n== %s\n", title)
}

// Step says what is done next.
func (s *Story) Step(format string, args ...any) {
	s.steps++
	_, _ = fmt.Fprintf(s.Out, "%d. %s\n", s.steps, fmt.Sprintf(format, args...))
}

// Note adds to the last step.
func (s *Story) Note(format string, args ...any) {
	_, _ = fmt.Fprintf(s.Out, "   %s\n", fmt.Sprintf(format, args...))
}

// QR draws text as a QR code.
func (s *Story) QR(text string) { QR(s.Out, text) }

// QRImage draws the image of a QR code.
func (s *Story) QRImage(file []byte) error { return QRImage(s.Out, file) }

// QR draws text as a QR code of half-block characters, two modules to a
// character cell, readable on dark and on light terminals.
func QR(out io.Writer, text string) {
	var code strings.Builder
	qrterminal.GenerateWithConfig(text, qrterminal.Config{
		Level: qrterminal.L, Writer: &code, HalfBlocks: true, QuietZone: 2,
		BlackChar: qrterminal.BLACK_BLACK, WhiteChar: qrterminal.WHITE_WHITE,
		BlackWhiteChar: qrterminal.BLACK_WHITE, WhiteBlackChar: qrterminal.WHITE_BLACK,
	})
	for _, line := range strings.Split(strings.TrimRight(code.String(), "\n"), "\n") {
		_, _ = fmt.Fprintf(out, "   %s\n", line)
	}
}
