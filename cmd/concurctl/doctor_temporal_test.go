package main

import (
	"testing"

	"github.com/stretchr/testify/mock"
)

func TestTheDoctorWarnsWhileNoCalloutHasAnnouncedAStep(t *testing.T) {
	t.Parallel()
	examine := func(others bool, err error) []finding {
		target, m := reached(t)
		m.On("DescribeWorkflowExecution", mock.Anything, mock.Anything, "").Return(nil, err)
		d := newDoctor()
		d.announced(t.Context(), target, others)
		return d.findings
	}
	says(t, examine(false, errMissing), "own steps", warned, "no callout has announced a step yet: sweeps report what waits, and take up nothing")
	says(t, examine(true, errMissing), "own steps", warned, "sweeps take up only what CONCUR_OWN_STEPS names")
}
