// Package mongo is the distributed document engine: it keeps documents in
// MongoDB 4.4.2 or newer (older ones do not know the command hello).
//
// # Layout
//
// A collection of the contract is a MongoDB collection of the same name;
// dynamic data has one for each type, "dynamic.<type>". A document is
//
//	_id  Key.ID(): the identity, the order of lists, and, by ranges, every scope
//	s    the ID of the leading key parts that nearly every query fixes (Collection.Scope)
//	c, u createTime and updateTime
//	v    a random number, new with every write
//	j.b  the body, byte for byte; or j.r, where the body cannot be had back from d
//	j.e  how the body is spelled where it is in j.b (see spelling)
//	d    the copy: the body as BSON, keys escaped, numbers by value
//	x.t  the instants that the declared time paths lead to, an array for each path
//	x.n  the instant by which lists are ordered, newest first
//
// Answers are made of j, so what was PUT is what GET returns, and a list
// without projection never decodes BSON. The price is that a body is stored
// twice, and that one whose copy is big may hit MongoDB's limit of 16 MB
// before it is 8 MB long: that is an ErrTooLarge. Filters and indexes see d:
// it has every path of the body but for arrays directly within arrays and what
// is deeper than 80 levels, and no filter that is sent to the server can tell.
// Every part of j, d and x is set whole, so nothing of a former body survives.
//
// # Where a query is decided
//
// The server decides whatever it can express exactly: scopes, equality, null,
// existence, substrings, negation, ranges of createTime, updateTime and
// declared times with whole milliseconds as bounds. What it cannot (a part in
// digits in a path, times at other paths, a bound within a millisecond, very
// long paths) it narrows, and storage.Match decides here; page, count and
// removal are then made here, too. Projections are sent to the server and
// normalised by storage.Projection.
//
// # Promises
//
// Writes are acknowledged by a majority that has journaled them; reads are
// from the primary. Nothing is read before a Put. No request but one that
// spans all types of dynamic data asks which collections there are.
//
// Two promises of the contract are weaker here. Delete and Trim remove each
// document atomically, but not all of them together: when they fail half-way,
// some are gone, and the same call again finishes the work. Assign is one
// transaction on a replica set and behind mongos; on a standalone server it is
// ordered writes of which a failure may leave a part, guarded only against
// other assignments of this process.
//
// A key with a NUL, or not in UTF-8, is refused as invalid.
//
// The slots of x are those that the collection's Index declared when the
// document was written: after a time path is added to the table, documents
// answer ranges of it once they have been put again; what is outside of a
// range, storage.Match decides.
package mongo
