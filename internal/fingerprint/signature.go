package fingerprint

import (
	"fmt"
	"strconv"
	"sync"

	"github.com/cespare/xxhash/v2"
)

// Signature identifies a statement, whatever its constants, spacing and comments. 0 is none.
type Signature uint64

// String gives 16 lower-case hexadecimal digits.
func (s Signature) String() string {
	const digits = "0123456789abcdef"
	var text [16]byte
	for i := range text {
		text[i] = digits[s>>(60-4*i)&15]
	}
	return string(text[:])
}

// Parse reads what String gives. It takes capitals, too; the error is no fault.Error.
func Parse(text string) (Signature, error) {
	n, err := strconv.ParseUint(text, 16, 64)
	if err != nil || len(text) != 16 {
		return 0, fmt.Errorf("%q is no signature: it has 16 hexadecimal digits", text)
	}
	return Signature(n), nil
}

// Of gives a statement's signature: Sum of what Append makes of it. A text that is cut off has another one than the whole.
func Of(sql string) Signature {
	if len(sql) <= shortText {
		var room [3 * shortText]byte
		return Sum(Append(room[:0], sql))
	}
	room, ok := rooms.Get().(*[]byte)
	if !ok {
		room = new([]byte)
	}
	*room = Append((*room)[:0], sql)
	s := Sum(*room)
	if cap(*room) <= keptRoom {
		rooms.Put(room)
	}
	return s
}

const (
	shortText = 512     // bytes of a statement whose canonical form has room on the stack
	keptRoom  = 4 << 20 // bytes: a larger room is left to the garbage collector
)

var rooms sync.Pool // of *[]byte, for longer statements

// Sum is the signature of a canonical text: its XXH64 with seed 0, and 1 where that is 0.
func Sum(canonical []byte) Signature {
	return max(Signature(xxhash.Sum64(canonical)), 1)
}
