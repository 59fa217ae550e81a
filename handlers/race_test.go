//go:build race

package handlers

// raceEnabled: what runs in one goroutine takes many times longer and finds nothing.
const raceEnabled = true
