package pglog

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"slices"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"avadb/internal/fault"
)

// Stdin is the name that stands for what is piped in.
const Stdin = "-"

// sampled is how many decompressed bytes tell the form of a file.
const sampled = 512 << 10

// source is an open file.
type source struct {
	in          io.Reader
	file        io.Reader // that was opened
	form        *form
	compression string
	wrapped     string
	first       int64 // time of its first event
	closers     []func()
}

func (s *source) close() {
	for _, c := range slices.Backward(s.closers) {
		c()
	}
}

// open reads the beginning of a file and tells its form.
func open(ctx context.Context, name string, stdin io.Reader, o *Options) (s *source, err error) {
	s = &source{in: stdin}
	defer func() {
		if err != nil {
			s.close()
			s = nil
		}
	}()
	if name != Stdin {
		if info, err := o.Logs.Stat(ctx, name); err == nil && info.IsDir() {
			return s, fault.New(fault.Failed, "it is a directory").WithHint("name its files: %s", filepath.Join(name, "*"))
		}
		f, err := o.Logs.Open(ctx, name)
		if err != nil {
			return s, unopened(err)
		}
		s.closers = append(s.closers, func() { _ = f.Close() })
		s.in, s.file = f, f
	}
	if err := s.decompress(); err != nil {
		return s, err
	}
	sample := make([]byte, sampled)
	n, err := fill(s.in, sample)
	if err != nil && !errors.Is(err, io.EOF) && n == 0 {
		return s, fault.New(fault.Failed, "read it: %w", err)
	}
	whole := err != nil
	sample = sample[:n]
	s.in = io.MultiReader(bytes.NewReader(sample), s.in)
	if !whole { // what is torn is not judged
		if i := bytes.LastIndexByte(sample, '\n'); i > 0 {
			sample = sample[:i+1]
		}
	}
	if w := wrappedIn(sample); w != nil {
		s.wrapped = "+" + w.name
		s.in = w.unwrap(s.in)
		if sample, err = io.ReadAll(w.unwrap(bytes.NewReader(sample))); err != nil {
			return s, err
		}
	}
	if s.form, err = detect(sample, o); err != nil {
		return s, err
	}
	s.first = firstTime(s.form, sample)
	return s, nil
}

func unopened(err error) error {
	switch {
	case fault.As(err) != nil:
		return err
	case errors.Is(err, fs.ErrNotExist):
		return fault.New(fault.Failed, "there is no such file")
	case errors.Is(err, fs.ErrPermission):
		return fault.New(fault.Failed, "it may not be read by this user").WithHint("run avadb as the owner of the file, or as root")
	}
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return fault.New(fault.Failed, "open it: %w", err)
}

// decompress looks at the first bytes, not at the name.
func (s *source) decompress() error {
	magic := make([]byte, 6)
	n, _ := io.ReadFull(s.in, magic)
	magic = magic[:n]
	in := io.MultiReader(bytes.NewReader(magic), s.in)
	switch {
	case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}):
		unzip, err := gzip.NewReader(in)
		if err != nil {
			return fault.New(fault.Failed, "decompress it: %w", err)
		}
		s.in, s.compression = unzip, "+gzip"
		s.closers = append(s.closers, func() { _ = unzip.Close() })
		return nil
	case bytes.HasPrefix(magic, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		unzip, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(64<<20), zstd.WithDecoderMaxMemory(1<<40))
		if err != nil {
			return fault.New(fault.Failed, "decompress it: %w", err)
		}
		s.in, s.compression = unzip, "+zstd"
		s.closers = append(s.closers, unzip.Close)
		return nil
	case bytes.HasPrefix(magic, []byte("\xfd7zXZ")), bytes.HasPrefix(magic, []byte("BZh")):
		return fault.New(fault.Failed, "it is compressed in a way that avadb does not read").WithHint("xz -dc or bzip2 -dc FILE | avadb logs -")
	}
	if seeker, ok := s.in.(io.Seeker); ok {
		if _, err := seeker.Seek(0, io.SeekStart); err == nil {
			return nil
		}
	}
	s.in = in
	return nil
}

// firstTime is the time of the first event that has one.
func firstTime(f *form, sample []byte) (at int64) {
	if f.format == formatEmpty {
		return 0
	}
	part := sample[:min(len(sample), 64<<10)]
	f.parser().parse(part, 0, func(e *Event) {
		if at == 0 {
			at = e.Time
		}
	})
	return at
}
