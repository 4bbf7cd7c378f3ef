package loosejson

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"unicode/utf8"
)

// mostNames is the number of names that an object has at most. The longest
// documented one has 31.
const mostNames = 256

var (
	errRepeated = errors.New("a name occurs twice in one object")
	errMany     = errors.New("too many names in one object")
)

// checkNames refuses an object that has a name twice. encoding/json takes the
// last one, others the first: what {"state":1,"state":9} says is anybody's guess.
// Upper and lower case count as the same, because encoding/json takes either for
// a field; but not in the metadata that a merchant added to a payment. data need
// not be JSON: whether it is, is found out later.
func checkNames(data []byte) error {
	// The names of all objects that are open, the innermost last.
	names, objects := make([][]byte, 0, 40), make([]object, 0, 8)
	for i := 0; i < len(data); i++ {
		last := len(objects) - 1
		switch data[i] {
		case '{':
			inner := object{begin: len(names)}
			if last >= 0 {
				inner.metadata = objects[last].metadata || objects[last].isAtMetadata(names)
			}
			objects = append(objects, inner)
		case '}':
			if last >= 0 {
				names, objects = names[:objects[last].begin], objects[:last]
			}
		case '"':
			begin := i + 1
			i = endOfString(data, begin)
			if last < 0 || !isName(data, i+1) {
				continue
			}
			name := unescape(data[begin:i])
			if err := objects[last].add(names, name); err != nil {
				return err
			}
			names = append(names, name)
		}
	}
	return nil
}

// object is where the names of an object begin, and which bits they have.
type object struct {
	begin    int
	seen     uint64
	metadata bool
}

func (o *object) isAtMetadata(names [][]byte) bool {
	return len(names) > o.begin && string(names[len(names)-1]) == "metadata"
}

func (o *object) add(names [][]byte, name []byte) error {
	bit := bitOf(name)
	if o.seen&bit != 0 {
		for _, before := range names[o.begin:] {
			if bytes.Equal(before, name) || !o.metadata && bytes.EqualFold(before, name) {
				return errRepeated
			}
		}
	}
	o.seen |= bit
	if len(names)-o.begin >= mostNames {
		return errMany
	}
	return nil
}

// bitOf returns one of 64 bits, the same for names that differ in case only. It
// spares most comparisons. A name beyond ASCII has them all: some of its letters
// count as letters of ASCII.
func bitOf(name []byte) uint64 {
	var sum, all byte
	for _, c := range name {
		sum += c | 0x20
		all |= c
	}
	if all >= utf8.RuneSelf {
		return ^uint64(0)
	}
	return 1 << (sum & 63)
}

// endOfString returns where the quote is that ends the string that begins at i.
func endOfString(data []byte, i int) int {
	for ; i < len(data) && data[i] != '"'; i++ {
		if data[i] == '\\' {
			i++
		}
	}
	return i
}

// isName reports whether the string that ends before i is the name of a value.
func isName(data []byte, i int) bool {
	for i < len(data) && (data[i] == ' ' || data[i] == '\t' || data[i] == '\r' || data[i] == '\n') {
		i++
	}
	return i < len(data) && data[i] == ':'
}

// unescape returns what stands for a name between its quotes.
func unescape(name []byte) []byte {
	if bytes.IndexByte(name, '\\') >= 0 {
		var text string
		if json.Unmarshal(slices.Concat(quote, name, quote), &text) == nil {
			return []byte(text)
		}
	}
	return name
}

var quote = []byte{'"'}
