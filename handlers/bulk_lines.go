package handlers

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"bcs-storage/storage"
)

// lines cuts a stream into lines. It holds one of them, however long the others are.
type lines struct {
	in     *bufio.Reader
	most   int   // the longest line that is taken, in bytes
	number int64 // of the last line, from 1
	long   []byte
}

// lineBuffer is read at once; lines that fit are not copied.
const lineBuffer = 256 << 10

func newLines(in io.Reader, most int64) *lines {
	return &lines{in: bufio.NewReaderSize(in, lineBuffer), most: int(most)}
}

// next is the next line without its end, valid until the call after. A line that
// is too long is passed by and is an ErrInvalid. Any other error ends the
// stream, io.EOF when it is whole; a line that it cut off is not answered.
func (l *lines) next() ([]byte, error) {
	l.number++
	l.long = l.long[:0]
	tooLong := false
	for {
		part, err := l.in.ReadSlice('\n')
		whole := err == nil
		if whole {
			part = part[:len(part)-1]
		}
		tooLong = tooLong || len(l.long)+len(part) > l.most
		switch {
		case !whole && err != io.EOF && !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		case err == io.EOF && len(part) == 0 && len(l.long) == 0 && !tooLong:
			return nil, io.EOF
		case !whole && err != io.EOF:
			if !tooLong {
				l.long = append(l.long, part...)
			}
			continue
		case tooLong:
			return nil, storage.Invalid("line", "longer than %d bytes (http.maxBodyBytes)", l.most)
		case len(l.long) == 0:
			return part, nil
		}
		l.long = append(l.long, part...)
		return l.long, nil
	}
}

// blank says whether a line holds nothing.
func blank(line []byte) bool { return len(bytes.TrimLeft(line, " \t\r")) == 0 }
