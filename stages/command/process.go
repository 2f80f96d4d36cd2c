package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"

	"shiftmill/stages"
)

// grace is how long a program that was told to stop may still write a
// checkpoint.
const grace = time.Minute

// The files of a job's folder that hold what a program is told, and what programs print.
const (
	jobName = "job.json"
	logName = "log.txt"
)

// start runs the command of a job to its end. On standard input the program
// reads what stdin writes, if it is given.
func start(ctx context.Context, command string, in *stages.Inputs, job *Job, out stages.Sink, stdin func(w io.Writer) error) error {
	path, err := job.write()
	if err != nil {
		return err
	}
	logFile, err := os.OpenFile(filepath.Join(job.Folder, logName), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o666)
	if err != nil {
		return err
	}
	defer logFile.Close()
	l := &listener{log: logFile, out: out, metrics: map[string]float64{}}
	if in.Limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, in.Limit, fmt.Errorf("the program ran longer than resources.time allows, %v", in.Limit))
		defer cancel()
	}
	if err := run(ctx, shell(command), in.Home, path, l, job.Folder, stdin); err != nil {
		return l.explain(ctx, err)
	}
	l.report()
	return l.err
}

func run(ctx context.Context, cmd *exec.Cmd, home, jobFile string, l *listener, folder string, stdin func(w io.Writer) error) error {
	// A child dies with the thread that made it, where the system can do that;
	// so this goroutine keeps its thread until the child has ended.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd.Dir, cmd.Stdout, cmd.Stderr = home, l, l
	cmd.WaitDelay = 10 * time.Second // for what outlives the program and keeps its output open
	cmd.Env = append(os.Environ(), "SHIFTMILL_JOB="+jobFile)
	running, err := own(cmd, filepath.Join(folder, "running"))
	if err != nil {
		return err
	}
	defer running.Close()
	var pipe io.WriteCloser
	if stdin != nil {
		if pipe, err = cmd.StdinPipe(); err != nil {
			return err
		}
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	fed := make(chan error, 1)
	if stdin == nil {
		fed <- nil
	} else {
		go func() { fed <- errors.Join(stdin(pipe), pipe.Close()) }()
	}
	ended := make(chan struct{})
	watched := make(chan struct{})
	go func() { // tells the program, then all it has started, to stop
		defer close(watched)
		select {
		case <-ended:
			return
		case <-ctx.Done():
		}
		interrupt(cmd)
		select {
		case <-ended:
		case <-time.After(grace):
			kill(cmd)
		}
	}()
	if err = cmd.Wait(); errors.Is(err, exec.ErrWaitDelay) {
		err = nil
	}
	close(ended)
	<-watched
	kill(cmd) // what it left running
	feedErr := <-fed
	if err == nil && ctx.Err() == nil && feedErr != nil && !brokenPipe(feedErr) {
		err = feedErr // a program that does not read to the end is free to do so
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// lastLines is how many lines of what a failed program printed are shown.
const lastLines = 15

// A listener takes what a program prints: everything goes to the log, some
// lines mean something.
type listener struct {
	log *os.File
	out stages.Sink

	mu      sync.Mutex
	line    []byte
	last    []string
	metrics map[string]float64
	err     error
}

// Write takes a piece of output.
func (l *listener) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, err := l.log.Write(p); err != nil && l.err == nil {
		l.err = err
	}
	for rest := p; len(rest) > 0; {
		i := bytes.IndexAny(rest, "\n\r")
		if i < 0 {
			if l.line = append(l.line, rest...); len(l.line) > 1<<16 {
				l.line = l.line[:0] // no line that anybody would read
			}
			break
		}
		l.hear(string(append(l.line, rest[:i]...)))
		l.line, rest = l.line[:0], rest[i+1:]
	}
	return len(p), nil
}

// hear takes a line.
func (l *listener) hear(line string) {
	if strings.TrimSpace(line) == "" {
		return
	}
	if text, ok := strings.CutPrefix(line, "::metric "); ok {
		if name, value, ok := cutLast(text, "="); ok {
			if v, err := strconv.ParseFloat(strings.TrimSpace(value), 64); err == nil {
				l.metrics[strings.TrimSpace(name)] = v
				return
			}
		}
	}
	if text, ok := strings.CutPrefix(line, "::progress "); ok {
		count, unit, _ := strings.Cut(strings.TrimSpace(text), " ")
		done, total, _ := strings.Cut(count, "/")
		d, err := strconv.ParseInt(done, 10, 64)
		t, err2 := strconv.ParseInt(total, 10, 64)
		if err == nil && err2 == nil && d >= 0 && t >= d {
			l.out.Progress(d, t, unit)
			return
		}
	}
	if l.last = append(l.last, line); len(l.last) > lastLines {
		l.last = l.last[1:]
	}
}

func cutLast(text, sep string) (before, after string, ok bool) {
	if i := strings.LastIndex(text, sep); i >= 0 {
		return text[:i], text[i+len(sep):], true
	}
	return text, "", false
}

// report hands on the metrics, the last value of each.
func (l *listener) report() {
	names := make([]string, 0, len(l.metrics))
	for name := range l.metrics {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		l.out.Metric(name, l.metrics[name])
	}
}

// explain says how a program failed and what it printed last.
func (l *listener) explain(ctx context.Context, err error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var exit *exec.ExitError
	if ctx.Err() != nil || !errors.As(err, &exit) {
		return err
	}
	if len(l.last) == 0 {
		return fmt.Errorf("the program failed (%w) and printed nothing; what it was told stands in %s", err, filepath.Join(filepath.Dir(l.log.Name()), jobName))
	}
	return fmt.Errorf("the program failed (%w); the last it printed, all of which stands in %s:\n\t%s", err, l.log.Name(), strings.Join(l.last, "\n\t"))
}
