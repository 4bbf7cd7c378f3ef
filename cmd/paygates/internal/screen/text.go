package screen

import "strings"

// Width returns how many columns a text has. Chinese characters and full-width
// punctuation have two.
func Width(text string) int {
	n := 0
	for _, r := range text {
		n += columnsOf(r)
	}
	return n
}

func columnsOf(r rune) int {
	if isWide(r) {
		return 2
	}
	return 1
}

func isWide(r rune) bool { return r >= 0x2e80 }

// cut returns the beginning of a text that fits into a width.
func cut(text string, width int) string {
	n := 0
	for i, r := range text {
		if n += columnsOf(r); n > width {
			return text[:i]
		}
	}
	return text
}

// Wrap breaks a text into lines that fit into a width: at blanks, and between Chinese
// characters. No line begins with a closing mark. A word that is too long stays whole.
func Wrap(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range words(text) {
		if line != "" && Width(line)+Width(strings.TrimRight(word, " ")) > width {
			lines = append(lines, strings.TrimRight(line, " "))
			line = ""
		}
		line += word
	}
	return append(lines, strings.TrimRight(line, " "))
}

// words returns the parts between which a line may be broken, with the blanks after them.
func words(text string) []string {
	const closing, opening = "，。；：）」、！？…", "（「"
	var all []string
	start := 0
	runes := []rune(text)
	for i := 1; i < len(runes); i++ {
		before, after := runes[i-1], runes[i]
		isBreak := before == ' ' && after != ' ' || before != ' ' && (isWide(before) || isWide(after)) && after != ' '
		if isBreak && !strings.ContainsRune(closing, after) && !strings.ContainsRune(opening, before) {
			all = append(all, string(runes[start:i]))
			start = i
		}
	}
	return append(all, string(runes[start:]))
}
