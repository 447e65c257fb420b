package pglog

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
)

// firstLineMost is how much of a first line tells a file from others.
const firstLineMost = 4096

// Identity names a log file by its first line, decompressed: it is the same when the file grows, is renamed, copied or compressed, and
// another one when it is truncated and written anew. Empty while the first line has no end. Errors are those of a file that cannot be
// read.
func Identity(ctx context.Context, name string, o Options) (string, error) {
	if err := o.prepare(); err != nil {
		return "", err
	}
	s, err := open(ctx, name, nil, &o)
	if err != nil {
		return "", err
	}
	defer s.close()
	line := make([]byte, firstLineMost)
	n, _ := fill(s.in, line) // shorter files are
	line = line[:n]
	end := bytes.IndexByte(line, '\n')
	switch {
	case end >= 0:
		line = line[:end]
	case n < firstLineMost:
		return "", nil
	}
	sum := sha256.Sum256(line)
	return fmt.Sprintf("%x", sum[:16]), nil
}
