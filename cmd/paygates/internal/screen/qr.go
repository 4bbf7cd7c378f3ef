package screen

import (
	"strings"

	qr "github.com/piglig/go-qr"
)

// QR draws text as a QR code for people, two modules to a character cell.
func (s *Screen) QR(text string) {
	if s.json || text == "" {
		return
	}
	code, err := qr.EncodeText(text, qr.Low)
	if err != nil {
		s.Note("The text is too long for a QR code.")
		return
	}
	const border = 2
	side := code.Size() + 2*border
	if s.width > 0 && side > s.width {
		s.Note("The QR code needs %d columns.", side)
		return
	}
	// Light modules are drawn, so that the code is dark on light where the terminal is
	// light on dark.
	light := func(x, y int) bool { return y < side && !code.Module(x-border, y-border) }
	cells := map[[2]bool]string{{true, true}: "█", {true, false}: "▀", {false, true}: "▄", {false, false}: " "}
	var b strings.Builder
	for y := 0; y < side; y += 2 {
		var line strings.Builder
		for x := range side {
			line.WriteString(cells[[2]bool{light(x, y), light(x, y+1)}])
		}
		b.WriteString(s.Color("97;40", line.String()) + "\n")
	}
	s.write(b.String())
}
