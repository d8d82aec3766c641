package expense

// SendBackCheck asks whether the send-back limit allows an action that the rules chose.
// Asking again with the same key counts the action only once.
type SendBackCheck struct {
	Key    string `json:"key"`    // identifies the report and its validation step
	Action Action `json:"action"` // SendBack may be refused; Approve is only counted
	// SendBacks and Share are the limits for one hour. Zero turns a limit off.
	SendBacks int     `json:"sendBacks,omitempty"`
	Share     float64 `json:"share,omitempty"` // of send-backs among all actions, between 0 and 1
}

// SendBackAnswer is the answer of the send-back limit. Reason is empty if the action is allowed.
type SendBackAnswer struct {
	Reason string `json:"reason,omitempty"`
}
