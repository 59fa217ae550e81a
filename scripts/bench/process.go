package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// clockTick is the unit of times in /proc, on every Linux that Go runs on.
const clockTick = time.Second / 100

// usage is what a process has used.
type usage struct {
	cpu           time.Duration
	nowMB, peakMB float64 // resident memory
}

func (s *service) usage() (usage, error) {
	proc := fmt.Sprintf("/proc/%d/", s.cmd.Process.Pid)
	stat, err := os.ReadFile(proc + "stat")
	if err != nil {
		return usage{}, err
	}
	status, err := os.ReadFile(proc + "status")
	if err != nil {
		return usage{}, err
	}
	return parseUsage(stat, status)
}

// forgetPeak starts the measuring of the peak anew. Where the kernel does not allow that the peak stays that of the
// whole run.
func (s *service) forgetPeak() {
	_ = os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", s.cmd.Process.Pid), []byte("5"), 0)
}

func parseUsage(stat, status []byte) (usage, error) {
	// The second field is the program's name in parentheses, which may hold anything.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) < 13 {
		return usage{}, fmt.Errorf("not the status of a process: %q", stat)
	}
	var u usage
	for _, field := range fields[11:13] { // utime, stime
		ticks, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return usage{}, err
		}
		u.cpu += time.Duration(ticks) * clockTick
	}
	lines := bufio.NewScanner(bytes.NewReader(status))
	for lines.Scan() {
		name, rest, _ := strings.Cut(lines.Text(), ":")
		if name != "VmRSS" && name != "VmHWM" {
			continue
		}
		kb, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
		if err != nil {
			return usage{}, err
		}
		if mb := float64(kb) / 1024; name == "VmRSS" {
			u.nowMB = mb
		} else {
			u.peakMB = mb
		}
	}
	return u, nil
}
