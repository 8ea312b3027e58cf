package bench

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of CPU times in /proc: USER_HZ, 100 on every Linux platform that Go runs on.
const tick = 10 * time.Millisecond

// cpuOf is the CPU time that a process has used so far, with that of its children that have ended.
func cpuOf(pid int) (time.Duration, error) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0, fmt.Errorf("cpu time: %w", err)
	}
	// The second field, the name in brackets, may hold anything; utime, stime, cutime and cstime are fields 14 to 17.
	_, rest, ok := strings.Cut(string(text), ") ")
	fields := strings.Fields(rest)
	if !ok || len(fields) < 15 {
		return 0, fmt.Errorf("cpu time of %d: %w", pid, errors.New("its stat cannot be read"))
	}
	var ticks int64
	for _, f := range fields[11:15] {
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("cpu time of %d: %w", pid, err)
		}
		ticks += n
	}
	return time.Duration(ticks) * tick, nil
}

// loadAverage is that of the last minute: what else the machine had to do.
func loadAverage() float64 {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return -1
	}
	first, _, _ := strings.Cut(string(text), " ")
	load, err := strconv.ParseFloat(first, 64)
	if err != nil {
		return -1
	}
	return load
}

// usage is the CPU time of the processes under measure, by their names.
type usage map[string]time.Duration

// cpuOfAll reads the CPU times of processes, by name.
func cpuOfAll(pids map[string]int) (usage, error) {
	used := usage{}
	for name, pid := range pids {
		d, err := cpuOf(pid)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		used[name] = d
	}
	return used, nil
}

// since is what was used after an earlier reading; a process that was not there then has all of its time counted.
func (u usage) since(earlier usage) usage {
	out := usage{}
	for name, d := range u {
		out[name] = d - earlier[name]
	}
	return out
}
