// Package storage is the document contract: what a collection, a key, a
// document, a filter and a query are, what an engine promises, and the one
// evaluator that defines what a filter means.
//
// Engines live in the subpackages and import this one; nothing here knows
// them. Everything in this package but [Janitor] is pure.
package storage
