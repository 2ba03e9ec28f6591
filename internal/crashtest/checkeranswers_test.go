package crashtest

// answers are what callers said to one callout or one stage of approval.
type answers struct {
	sent, accepted, refused map[string]bool // by outcome
	request                 string
}

// answersOf sorts the calls of a kind by what they answer.
func (c *checker) answersOf(kind string) map[string]*answers {
	all := map[string]*answers{}
	for _, k := range c.calls[kind] {
		a := all[k.instance]
		if a == nil {
			a = &answers{map[string]bool{}, map[string]bool{}, map[string]bool{}, k.request}
			all[k.instance] = a
		}
		a.sent[k.outcome] = true
		switch {
		case k.did():
			a.accepted[k.outcome] = true
		case k.status == 409 && kind == opResume: // of two approvers who agree, the second is refused
			a.refused[k.outcome] = true
		}
	}
	return all
}

// checkResumes holds that what a resume was answered 204 for is recorded once, that nothing
// else is, and that who was refused did not say what is recorded.
func (c *checker) checkResumes() {
	all := c.answersOf(opResume)
	for id, a := range all {
		c.checkAnswer("callout "+id, a, c.callbacks(a.request, id))
	}
	for _, r := range c.requests {
		for _, rec := range r.recordsOf("callback") {
			if a := all[rec.instance]; a == nil || !a.sent[rec.outcome] {
				c.found("request %s: nobody answered callout %s with %s", r.id, rec.instance, rec.outcome)
			}
		}
	}
}

// callbacks are the outcomes that the history has of a callout.
func (c *checker) callbacks(id, callout string) (outcomes []string) {
	if r := c.requests[id]; r != nil {
		for _, rec := range r.recordsOf("callback") {
			if rec.instance == callout {
				outcomes = append(outcomes, rec.outcome)
			}
		}
	}
	return outcomes
}

func (c *checker) checkAnswer(what string, a *answers, recorded []string) {
	if len(recorded) > 1 {
		c.found("request %s: the answer to %s was applied %d times: %v", a.request, what, len(recorded), recorded)
	}
	for outcome := range a.accepted {
		if len(recorded) == 0 || recorded[0] != outcome {
			c.found("request %s: the answer %s to %s was acknowledged, and what is recorded is %v", a.request, outcome, what, recorded)
		}
	}
	if len(recorded) > 0 && a.refused[recorded[0]] {
		c.found("request %s: the answer %s to %s is recorded, and was refused", a.request, recorded[0], what)
	}
}

// checkDecisions does the same for decisions of approvers. Only one stage is ever asked.
func (c *checker) checkDecisions() {
	all := c.answersOf(opDecide)
	decided := map[string]*answers{}
	for id, a := range all {
		decided[a.request] = a
		var recorded []string
		if r := c.requests[a.request]; r != nil {
			for _, rec := range r.recordsOf("decided") {
				recorded = append(recorded, rec.outcome)
			}
		}
		c.checkAnswer("stage "+id, a, recorded)
	}
	for _, r := range c.requests {
		for _, rec := range r.recordsOf("decided") {
			if a := decided[r.id]; a == nil || !a.sent[rec.outcome] {
				c.found("request %s: nobody decided %s", r.id, rec.outcome)
			}
		}
	}
}

// checkCancels holds that what was canceled stays so.
func (c *checker) checkCancels() {
	tried := map[string]bool{}
	for _, k := range c.calls[opCancel] {
		r := c.requests[k.request]
		tried[k.request] = true
		switch {
		case r == nil: // found missing already
		case k.did() && r.state != "canceled":
			c.found("request %s was canceled with the answer %d and is %s", k.request, k.status, r.state)
		case k.status == 409 && len(r.recordsOf("cancel")) > 0:
			c.found("request %s was canceled, and who asked for it was refused", k.request)
		}
	}
	for _, r := range c.requests {
		n := len(r.recordsOf("cancel"))
		if n > 1 || (n == 1 && !tried[r.id]) {
			c.found("request %s was canceled %d times; somebody asked for it: %v", r.id, n, tried[r.id])
		}
	}
}
