package sqlite_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"

	_ "modernc.org/sqlite"
)

// BenchmarkFloor is what SQLite itself does with the documents of BenchmarkPut: one goroutine that upserts into a
// table of nothing but a key and a body, every commit synced. scripts/bench compares the service with it.
func BenchmarkFloor(b *testing.B) {
	const total = 20000
	db, err := sql.Open("sqlite", "file:"+filepath.Join(b.TempDir(), "floor.db")+
		"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=cache_size(-16384)&_pragma=wal_autocheckpoint(4000)")
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.Exec("CREATE TABLE document (id TEXT PRIMARY KEY, body BLOB NOT NULL)"); err != nil {
		b.Fatal(err)
	}
	upsert, err := db.Prepare("INSERT INTO document (id, body) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET body = excluded.body")
	if err != nil {
		b.Fatal(err)
	}
	defer upsert.Close()
	commit := func(documents, first, step int) {
		tx, err := db.Begin()
		if err != nil {
			b.Fatal(err)
		}
		for i := range documents {
			n := (first + i) * step % total
			d := pod(n%4, n, first+i)
			if _, err := tx.Stmt(upsert).Exec(d.Key.ID(), d.Body); err != nil {
				b.Fatal(err)
			}
		}
		if err := tx.Commit(); err != nil {
			b.Fatal(err)
		}
	}
	commit(total, 0, 1)
	for _, size := range []int{1, 16, 64} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			done := 0
			for b.Loop() {
				commit(size, done, 7919)
				done += size
			}
			b.ReportMetric(float64(done)/b.Elapsed().Seconds(), "upserts/s")
		})
	}
}
