package main

import (
	"fmt"
	"io"
	"strings"

	goqr "github.com/piglig/go-qr"
)

// story prints the numbered steps of the program.
type story struct {
	out   io.Writer
	steps int
}

// title prints a heading. Steps after it start again at 1.
func (s *story) title(title string) {
	s.steps = 0
	_, _ = fmt.Fprintf(s.out, "\n== %s\n", title)
}

// step prints the next step.
func (s *story) step(format string, args ...any) {
	s.steps++
	_, _ = fmt.Fprintf(s.out, "%d. %s\n", s.steps, fmt.Sprintf(format, args...))
}

// note prints a further line of the last step.
func (s *story) note(format string, args ...any) {
	_, _ = fmt.Fprintf(s.out, "   %s\n", fmt.Sprintf(format, args...))
}

// qr draws text as a QR code.
func (s *story) qr(text string) { drawQR(s.out, text) }

// qrImage draws the QR code in an image file.
func (s *story) qrImage(file []byte) error { return drawQRImage(s.out, file) }

// drawQR draws text as a QR code of half-block characters, two modules in each
// character cell. The code is readable on dark and light terminals. A text that
// is too long for a QR code is printed as text.
func drawQR(out io.Writer, text string) {
	code, err := goqr.EncodeText(text, goqr.Low)
	if err != nil {
		_, _ = fmt.Fprintf(out, "   %s\n", text)
		return
	}
	draw(out, code)
}

// draw writes a code as half-block characters, two rows of modules in each line.
// Light modules are drawn as blocks, with a quiet zone of two modules around the
// code.
func draw(out io.Writer, code *goqr.QrCode) {
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
