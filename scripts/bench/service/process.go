package service

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

// Usage is what the process has used.
type Usage struct {
	CPU           time.Duration
	NowMB, PeakMB float64 // resident memory
}

// Usage asks the kernel.
func (s *Service) Usage() (Usage, error) {
	proc := fmt.Sprintf("/proc/%d/", s.PID())
	stat, err := os.ReadFile(proc + "stat")
	if err != nil {
		return Usage{}, err
	}
	status, err := os.ReadFile(proc + "status")
	if err != nil {
		return Usage{}, err
	}
	return parseUsage(stat, status)
}

// ForgetPeak starts the measuring of the peak anew. Where the kernel does not allow that the peak stays that of the
// whole run.
func (s *Service) ForgetPeak() {
	_ = os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", s.PID()), []byte("5"), 0)
}

func parseUsage(stat, status []byte) (Usage, error) {
	// The second field is the program's name in parentheses, which may hold anything.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) < 13 {
		return Usage{}, fmt.Errorf("not the status of a process: %q", stat)
	}
	var u Usage
	for _, field := range fields[11:13] { // utime, stime
		ticks, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return Usage{}, err
		}
		u.CPU += time.Duration(ticks) * clockTick
	}
	lines := bufio.NewScanner(bytes.NewReader(status))
	for lines.Scan() {
		name, rest, _ := strings.Cut(lines.Text(), ":")
		if name != "VmRSS" && name != "VmHWM" {
			continue
		}
		kb, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
		if err != nil {
			return Usage{}, err
		}
		if mb := float64(kb) / 1024; name == "VmRSS" {
			u.NowMB = mb
		} else {
			u.PeakMB = mb
		}
	}
	return u, nil
}
