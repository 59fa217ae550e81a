//go:build race

package app_test

// raceEnabled: the race detector allocates on its own, counts mean nothing.
const raceEnabled = true
