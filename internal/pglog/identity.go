package pglog

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
)

// firstLineMost is how much of a first line tells a file from others.
const firstLineMost = 4096

// Identity names a log file by its first line, decompressed: it is the same when the file grows, is renamed, copied or compressed, and
// another one when it is truncated and written anew. Empty while the first line has no end. Errors are those of a file that cannot be
// read.
func Identity(name string) (string, error) {
	s, err := open(name, nil, nil)
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

// Torn tells that a file's last line has no end: it is still being written. A compressed one is not.
func Torn(name string) bool {
	s, err := open(name, nil, nil)
	if err != nil {
		return false
	}
	defer s.close()
	f, ok := s.file.(*os.File)
	if !ok || s.compression != "" {
		return false
	}
	last := make([]byte, 1)
	end, err := f.Seek(-1, io.SeekEnd)
	if err == nil {
		_, err = f.ReadAt(last, end)
	}
	return err == nil && last[0] != '\n'
}
