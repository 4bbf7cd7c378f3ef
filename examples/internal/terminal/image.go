package terminal

import (
	"bytes"
	"errors"
	"image"
	_ "image/jpeg" // gateways send either
	_ "image/png"
	"io"
	"strings"
)

var errNoCode = errors.New("the image is not a QR code")

// QRImage draws the image of a QR code, PNG or JPEG, as [QR] draws a text: for
// gateways that send an image and not the text in it.
func QRImage(out io.Writer, file []byte) error {
	config, _, err := image.DecodeConfig(bytes.NewReader(file))
	if err != nil {
		return errors.New("the image cannot be read")
	}
	if config.Width > 4096 || config.Height > 4096 {
		return errors.New("the image is too large")
	}
	picture, _, err := image.Decode(bytes.NewReader(file))
	if err != nil {
		return errors.New("the image cannot be read")
	}
	modules, err := readModules(picture)
	if err != nil {
		return err
	}
	drawModules(out, modules)
	return nil
}

// readModules finds the squares of the code. Its top left corner is a finder
// pattern, whose first row is seven dark modules.
func readModules(picture image.Image) ([][]bool, error) {
	frame := darkFrame(picture)
	seven := 0
	for x := frame.Min.X; x < frame.Max.X && isDark(picture, x, frame.Min.Y); x++ {
		seven++
	}
	width := float64(frame.Dx())
	if seven < 7 || frame.Dx() != frame.Dy() && abs(frame.Dx()-frame.Dy()) > 2 {
		return nil, errNoCode
	}
	n := int(width/(float64(seven)/7) + 0.5)
	// A code has 21, 25, 29 … 177 modules.
	n = 17 + (n-17+2)/4*4
	if n < 21 || n > 177 {
		return nil, errNoCode
	}
	size := width / float64(n)
	modules := make([][]bool, n)
	for row := range modules {
		modules[row] = make([]bool, n)
		for column := range modules[row] {
			x := frame.Min.X + int((float64(column)+0.5)*size)
			y := frame.Min.Y + int((float64(row)+0.5)*size)
			modules[row][column] = isDark(picture, x, y)
		}
	}
	return modules, nil
}

// darkFrame returns the smallest rectangle around all that is dark.
func darkFrame(picture image.Image) image.Rectangle {
	bounds := picture.Bounds()
	var frame image.Rectangle
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			if isDark(picture, x, y) {
				frame = frame.Union(image.Rect(x, y, x+1, y+1))
			}
		}
	}
	return frame
}

func isDark(picture image.Image, x, y int) bool {
	red, green, blue, alpha := picture.At(x, y).RGBA()
	return alpha > 0x7fff && red+green+blue < 3*0x8000
}

func abs(n int) int { return max(n, -n) }

// drawModules draws two modules to a character cell, dark ones as the background
// of a light terminal, with a quiet zone of two.
func drawModules(out io.Writer, modules [][]bool) {
	const quiet = 2
	n := len(modules)
	dark := func(row, column int) bool {
		return row >= 0 && row < n && column >= 0 && column < n && modules[row][column]
	}
	var b strings.Builder
	for row := -quiet; row < n+quiet; row += 2 {
		b.WriteString("   ")
		for column := -quiet; column < n+quiet; column++ {
			switch upper, lower := dark(row, column), dark(row+1, column); {
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
