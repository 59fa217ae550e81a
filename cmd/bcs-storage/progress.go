package main

import (
	"io"
	"os"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progress draws how far a command is, if there is a terminal to draw on. It
// may be called from several goroutines.
type progress struct {
	out   io.Writer
	mu    sync.Mutex
	doing string
	bar   *progressbar.ProgressBar
}

// newProgress draws nothing unless out is a terminal.
func newProgress(out io.Writer) *progress {
	f, ok := out.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		out = nil
	}
	return &progress{out: out}
}

// bytes and records show how many of how many are done; a total of -1 is not
// known. What is done next has a bar of its own.
func (p *progress) bytes(doing string, done, total int64)   { p.show(doing, done, total, true) }
func (p *progress) records(doing string, done, total int64) { p.show(doing, done, total, false) }

func (p *progress) show(doing string, done, total int64, bytes bool) {
	if p.out == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.doing != doing {
		p.finish()
		p.doing = doing
		p.bar = progressbar.NewOptions64(total,
			progressbar.OptionSetWriter(p.out),
			progressbar.OptionSetDescription(doing),
			progressbar.OptionShowBytes(bytes),
			progressbar.OptionShowCount(),
			progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionSetSpinnerChangeInterval(0),
			progressbar.OptionClearOnFinish(),
		)
	}
	// More than was expected is no mistake: somebody may write. A bar that cannot be drawn is no reason to stop.
	if total < 0 || done <= total {
		_ = p.bar.Set64(done)
	}
}

// close takes away what was drawn.
func (p *progress) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.finish()
}

func (p *progress) finish() {
	if p.bar != nil {
		_ = p.bar.Finish()
		p.bar = nil
	}
}
