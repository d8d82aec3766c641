package cli

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"
)

// Progress shows on a terminal how far long work has come. Anywhere else it is silent.
// It is safe for concurrent use.
type Progress struct {
	mu    sync.Mutex
	w     io.Writer // nil: silent
	doing string
	note  string // shown instead of numbers
	total int
	done  int
	began time.Time
	drawn time.Time
}

// barWidth is the length of a full bar; redrawn is the shortest time between two drawings.
const (
	barWidth = 30
	redrawn  = 100 * time.Millisecond
)

// NewProgress counts up to total. If total is 0, it is unknown, and only the count is shown.
func NewProgress(w io.Writer, doing string, total int) *Progress {
	p := &Progress{doing: doing, total: total, began: time.Now()}
	if isTerminal(w) {
		p.w = w
	}
	return p
}

func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// Step counts one thing done.
func (p *Progress) Step() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done++
	p.draw(time.Now())
}

// Say shows a note instead of numbers.
func (p *Progress) Say(note string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.note = note
	p.draw(time.Now())
}

// Silent reports whether Progress shows nothing.
func (p *Progress) Silent() bool { return p.w == nil }

// Tick redraws without counting, for work whose parts cannot be counted.
func (p *Progress) Tick() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.draw(time.Now())
}

func (p *Progress) draw(now time.Time) {
	if p.w == nil || now.Sub(p.drawn) < redrawn && p.done != p.total {
		return
	}
	p.drawn = now
	fmt.Fprintf(p.w, "\r\x1b[K%s", p.line(now))
}

// line returns the text to show: a bar if the total is known, and the time taken.
func (p *Progress) line(now time.Time) string {
	took := now.Sub(p.began).Round(time.Second)
	switch {
	case p.note != "":
		return fmt.Sprintf("%s: %s (%s)", p.doing, p.note, took)
	case p.total == 0 && p.done > 0:
		return fmt.Sprintf("%s: %d (%s)", p.doing, p.done, took)
	case p.total == 0:
		return fmt.Sprintf("%s (%s)", p.doing, took)
	}
	full := min(p.done, p.total) * barWidth / p.total
	return fmt.Sprintf("%s [%s%s] %d/%d (%s)", p.doing, strings.Repeat("#", full), strings.Repeat(".", barWidth-full), p.done, p.total, took)
}

// End wipes the bar, so that the answer begins on a clean line.
func (p *Progress) End() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.w != nil && !p.drawn.IsZero() {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}
