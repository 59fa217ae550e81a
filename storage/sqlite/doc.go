// Package sqlite is the embedded document engine: one file, nothing to install.
//
// Every write goes through one goroutine that puts all waiting writes into one
// transaction, so they share the wait for the disk. Reads have connections of
// their own and never hold one while the caller is busy with what was read.
//
// A collection is a table. Beside the body a row has the document's _id, the
// part of it that queries fix (scope), its times and the values of the indexed
// paths (slots). A query is narrowed to ranges of those columns by a pure
// function, and what they cannot decide storage.Match does.
//
// Beside the engine that has the file open, another process may read it as it
// was at one moment: [Backup] copies it, [OpenSnapshot] reads records of it.
// [Restore] puts a copy in its place when no engine has it open.
package sqlite
