package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Progress is told now and then how many bytes of how many are copied. It may be nil.
type Progress func(done, total int64)

func (p Progress) report(done, total int64) {
	if p != nil {
		p(done, total)
	}
}

// Backup copies the store at path, as it is at the moment of the call, to the
// file at target, whoever has the store open and writes it meanwhile: every
// write that was acknowledged before is in the copy. The copy is made as
// target.partial, read through and synced, and gets its name only then. A file
// that has the name already is replaced if replace says so, and otherwise the
// error is fs.ErrExist. An error leaves no copy behind, and an existing file as it was.
func Backup(ctx context.Context, path, target string, replace bool, progress Progress) error {
	if err := backup(ctx, path, target, replace, progress); err != nil {
		return fmt.Errorf("back up %s to %s: %w", path, target, err)
	}
	return nil
}

func backup(ctx context.Context, path, target string, replace bool, progress Progress) (err error) {
	if target, err = filepath.Abs(target); err != nil {
		return err
	}
	before, err := os.Stat(path)
	if err != nil {
		return err
	}
	if err := mayTake(target, replace, before); err != nil {
		return err
	}
	c, _, err := openHeld(ctx, path, "ro", released())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	p, err := claim(target + ".partial")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.close()) }()
	if err := p.copy(ctx, c, progress); err != nil {
		return err
	}
	// A restore may have put another file there before both the store and its log were opened.
	if after, err := os.Stat(path); err != nil || !os.SameFile(before, after) {
		return errors.Join(errors.New("the store was replaced meanwhile"), err)
	}
	if err := mayTake(target, replace, before); err != nil {
		return err
	}
	return p.become(target)
}

// mayTake fails when the name is taken and the file must not be replaced; the store never.
func mayTake(path string, replace bool, store os.FileInfo) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return errors.New("there is something that is no file")
	case os.SameFile(info, store):
		return errors.New("that is the store itself")
	case !replace:
		return fs.ErrExist
	}
	return nil
}
