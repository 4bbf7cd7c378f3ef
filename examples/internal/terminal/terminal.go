// Package terminal prints what the example programs show to a person.
package terminal

import (
	"fmt"
	"io"
	"strings"

	qr "github.com/piglig/go-qr"
)

// Story prints the numbered steps of a program.
type Story struct {
	Out   io.Writer
	steps int
}

// Title prints a heading. Steps after it start again at 1.
func (s *Story) Title(title string) {
	s.steps = 0
	_, _ = fmt.Fprintf(s.Out, "\n== %s\n", title)
}

// Step prints the next step.
func (s *Story) Step(format string, args ...any) {
	s.steps++
	_, _ = fmt.Fprintf(s.Out, "%d. %s\n", s.steps, fmt.Sprintf(format, args...))
}

// Note prints a further line of the last step.
func (s *Story) Note(format string, args ...any) {
	_, _ = fmt.Fprintf(s.Out, "   %s\n", fmt.Sprintf(format, args...))
}

// QR draws text as a QR code.
func (s *Story) QR(text string) { QR(s.Out, text) }

// QRImage draws the QR code in an image file.
func (s *Story) QRImage(file []byte) error { return QRImage(s.Out, file) }

// QR draws text as a QR code of half-block characters, two modules in each
// character cell. The code is readable on dark and light terminals. A text that
// is too long for a QR code is printed as it is.
func QR(out io.Writer, text string) {
	code, err := qr.EncodeText(text, qr.Low)
	if err != nil {
		_, _ = fmt.Fprintf(out, "   %s\n", text)
		return
	}
	draw(out, code)
}

// draw writes a code as half-block characters, two rows of modules in each line.
// Light modules are drawn as blocks, with a quiet zone of two modules around the
// code.
func draw(out io.Writer, code *qr.QrCode) {
	const quiet = 2
	end := code.Size() + quiet
	var b strings.Builder
	for y := -quiet; y < end; y += 2 {
		b.WriteString("   ")
		for x := -quiet; x < end; x++ {
			// Module returns false for a position outside of the code.
			switch upper, lower := code.Module(x, y), code.Module(x, y+1); {
			case upper && lower:
				b.WriteString(" ")
			case upper:
				b.WriteString("▄")
			case lower:
				b.WriteString("▀")
			default:
				b.WriteString("█")
			}
		}
		b.WriteByte('\n')
	}
	_, _ = io.WriteString(out, b.String())
}
