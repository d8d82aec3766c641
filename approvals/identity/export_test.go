package identity

import "time"

// SetPause replaces the pause after which a provider that has not answered is asked again.
func (o *OIDC) SetPause(pause time.Duration) { o.pause = pause }
