package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net/url"

	"modernc.org/sqlite"
)

// maxStatements bounds the prepared statements of a connection. The queries of
// the service come in a few dozen shapes; the bound is there for odd callers.
const maxStatements = 256

// background is what statements run under that must not be watched: the driver
// starts a goroutine for every call whose context can end.
var background = context.Background()

// conn is one SQLite connection with its prepared statements. It speaks to the
// driver directly: database/sql would put a pool, locks and reflection between.
// A conn is used by one goroutine at a time.
type conn struct {
	raw   driver.Conn
	stmts map[string]driver.Stmt
}

// dial opens the existing file at path. mode is SQLite's: rw or ro.
func dial(ctx context.Context, path, mode string, pragmas ...string) (*conn, error) {
	u := url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: "mode=" + mode}
	connector, err := sqlite.NewConnector(u.String())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	raw, err := connector.Connect(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	c := &conn{raw: raw, stmts: map[string]driver.Stmt{}}
	for _, pragma := range pragmas {
		if err := c.pragma("PRAGMA " + pragma); err != nil {
			return nil, errors.Join(err, c.close())
		}
	}
	return c, nil
}

// pragma runs a statement once, without keeping it prepared.
func (c *conn) pragma(sql string) error { return c.run(background, sql) }

// run is pragma for a statement that may take long: it is given up when ctx ends.
func (c *conn) run(ctx context.Context, sql string) error {
	if _, err := c.raw.(driver.ExecerContext).ExecContext(ctx, sql, nil); err != nil {
		return fmt.Errorf("%s: %w", sql, err)
	}
	return nil
}

// transaction runs f inside one.
func (c *conn) transaction(f func() error) error {
	if err := c.pragma("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	if err := f(); err != nil {
		_ = c.pragma("ROLLBACK") // the first error is the one that says why
		return err
	}
	return c.pragma("COMMIT")
}

func (c *conn) close() error {
	c.forget()
	return c.raw.Close()
}

func (c *conn) forget() {
	for sql, stmt := range c.stmts {
		stmt.Close()
		delete(c.stmts, sql)
	}
}

func (c *conn) prepare(sql string) (driver.Stmt, error) {
	if stmt, ok := c.stmts[sql]; ok {
		return stmt, nil
	}
	if len(c.stmts) >= maxStatements {
		c.forget()
	}
	stmt, err := c.raw.Prepare(sql)
	if err != nil {
		return nil, fmt.Errorf("prepare %s: %w", sql, err)
	}
	c.stmts[sql] = stmt
	return stmt, nil
}

// exec runs a statement and says how many rows it changed.
func (c *conn) exec(sql string, args ...driver.NamedValue) (int64, error) {
	stmt, err := c.prepare(sql)
	if err != nil {
		return 0, err
	}
	result, err := stmt.(driver.StmtExecContext).ExecContext(background, args)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// query calls visit with every row until it returns false. The slice is reused,
// what it holds is not. ctx interrupts the search for the first row only.
func (c *conn) query(ctx context.Context, sql string, args []driver.NamedValue, visit func([]driver.Value) bool) (err error) {
	stmt, err := c.prepare(sql)
	if err != nil {
		return err
	}
	rows, err := stmt.(driver.StmtQueryContext).QueryContext(ctx, args)
	if err != nil {
		return err
	}
	defer func() {
		if closeErr := rows.Close(); err == nil {
			err = closeErr
		}
	}()
	row := make([]driver.Value, len(rows.Columns()))
	for {
		switch err := rows.Next(row); {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		case !visit(row):
			return nil
		}
	}
}

// one is the first column of the first row; nil when there is no row.
func (c *conn) one(ctx context.Context, sql string, args ...driver.NamedValue) (value driver.Value, err error) {
	err = c.query(ctx, sql, args, func(row []driver.Value) bool {
		value = row[0]
		return false
	})
	return value, err
}

// number is one for statements that answer an integer.
func (c *conn) number(ctx context.Context, sql string, args ...driver.NamedValue) (int64, error) {
	v, err := c.one(ctx, sql, args...)
	n, _ := v.(int64)
	return n, err
}

// values are the arguments of a statement, by position.
func values(vs ...driver.Value) []driver.NamedValue {
	args := make([]driver.NamedValue, len(vs))
	for i, v := range vs {
		args[i] = driver.NamedValue{Ordinal: i + 1, Value: v}
	}
	return args
}
