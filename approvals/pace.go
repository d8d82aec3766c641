package approvals

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// pace limits how fast each of many subjects may do something, within bounded memory.
type pace struct {
	mu   sync.Mutex
	seen map[string]*rate.Limiter
}

const (
	perSecond   = 1
	atOnce      = 30
	maxSubjects = 10_000
)

// allows takes one from the subject's allowance, and reports whether there was one.
func (p *pace) allows(subject string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	limiter := p.seen[subject]
	if limiter == nil {
		if p.seen == nil || len(p.seen) >= maxSubjects {
			p.forget()
		}
		limiter = rate.NewLimiter(perSecond, atOnce)
		p.seen[subject] = limiter
	}
	return limiter.Allow()
}

// empty reports whether a subject has used up its allowance.
func (p *pace) empty(subject string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	limiter := p.seen[subject]
	return limiter != nil && limiter.Tokens() < 1
}

// forget drops the subjects that have their full allowance again, or all of them if none has.
func (p *pace) forget() {
	now := time.Now()
	kept := map[string]*rate.Limiter{}
	for subject, limiter := range p.seen {
		if limiter.TokensAt(now) < atOnce {
			kept[subject] = limiter
		}
	}
	if len(kept) >= maxSubjects {
		clear(kept)
	}
	p.seen = kept
}
