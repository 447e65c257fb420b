package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/klauspost/compress/gzip"
)

// measure runs a program, and keeps its speed over a file and its memory.
func (f *figure) measure(file, program string, args ...string) error {
	return f.time(file, func() error {
		c := exec.Command(program, args...)
		var stderr bytes.Buffer
		c.Stderr = &stderr
		err := c.Run()
		f.memory = max(f.memory, memoryOf(c.ProcessState))
		if err != nil {
			return fmt.Errorf("%s: %w: %s", program, err, stderr.String())
		}
		return nil
	})
}

// memoryOf is the most that a process took, in bytes.
func memoryOf(p *os.ProcessState) int64 {
	if p == nil {
		return 0
	}
	usage, ok := p.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	return usage.Maxrss << 10
}

// scanNewlines is the yardstick: two goroutines that look for the ends of lines and do nothing else.
func scanNewlines(name string) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close() //nolint:errcheck // only read
	const size = 8 << 20
	var next, lines atomic.Int64
	var group sync.WaitGroup
	failed := make([]error, 2)
	for i := range failed {
		group.Go(func() {
			buffer := make([]byte, size)
			for {
				n, err := file.ReadAt(buffer, (next.Add(1)-1)*size)
				lines.Add(int64(bytes.Count(buffer[:n], []byte{'\n'})))
				if err != nil {
					if !errors.Is(err, io.EOF) {
						failed[i] = err
					}
					return
				}
			}
		})
	}
	group.Wait()
	if lines.Load() == 0 {
		failed = append(failed, errors.New("no line in "+name))
	}
	return errors.Join(failed...)
}

func zipFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close() //nolint:errcheck // only read
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	zip, err := gzip.NewWriterLevel(out, gzip.BestSpeed)
	if err != nil {
		return err
	}
	if _, err := io.Copy(zip, in); err != nil {
		return err
	}
	return errors.Join(zip.Close(), out.Close())
}

// unzipFile decompresses and throws away.
func unzipFile(name string) error {
	in, err := os.Open(name)
	if err != nil {
		return err
	}
	defer in.Close() //nolint:errcheck // only read
	unzip, err := gzip.NewReader(in)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, unzip)
	return err
}

// count gives how many statements a log has. The output is counted as it comes: what this program keeps would be counted as its children's.
func (o *options) count(name string) (int, error) {
	c := exec.Command(o.avadb, "slow", "--file", name, "--limit", "0", "-o", "jsonl")
	out, err := c.StdoutPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		return 0, err
	}
	lines := 0
	buffer := make([]byte, 64<<10)
	for {
		n, err := out.Read(buffer)
		lines += bytes.Count(buffer[:n], []byte{'\n'})
		if err != nil {
			break
		}
	}
	return lines, c.Wait()
}
