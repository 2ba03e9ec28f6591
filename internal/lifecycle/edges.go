package lifecycle

import (
	"fmt"
	"strings"

	"anteroom/internal/entitlement"
)

// edges lists every legal move. Step checks its own answer against it, and the diagram
// in docs/lifecycle.md is printed from it.
var edges = map[entitlement.Phase][]entitlement.Phase{
	entitlement.PhaseNew: {
		entitlement.PhaseCreated, entitlement.PhaseRevoking, entitlement.PhaseCanceled,
	},
	entitlement.PhaseCreated: {
		entitlement.PhaseDetermining, entitlement.PhaseApproval, entitlement.PhaseApproved,
		entitlement.PhaseDenied, entitlement.PhaseCanceled, entitlement.PhaseFailed,
	},
	entitlement.PhaseDetermining: {
		entitlement.PhaseApproval, entitlement.PhaseDenied, entitlement.PhaseCanceled, entitlement.PhaseFailed,
	},
	entitlement.PhaseApproval: {
		entitlement.PhaseApproval, entitlement.PhaseDetermining, entitlement.PhaseApproved,
		entitlement.PhaseDenied, entitlement.PhaseCanceled,
	},
	entitlement.PhaseApproved: {
		entitlement.PhaseScheduled, entitlement.PhaseReady, entitlement.PhaseDenied, entitlement.PhaseCanceled, entitlement.PhaseFailed,
	},
	entitlement.PhaseScheduled: {
		entitlement.PhaseReady, entitlement.PhaseCanceled,
	},
	entitlement.PhaseReady: {
		entitlement.PhaseGranted, entitlement.PhaseUpdating, entitlement.PhaseCanceled, entitlement.PhaseFailed, entitlement.PhasePartial,
	},
	entitlement.PhaseGranted: {
		entitlement.PhaseGranting, entitlement.PhaseCanceled, entitlement.PhaseFailed, entitlement.PhasePartial,
	},
	entitlement.PhaseGranting: {
		entitlement.PhaseDelivered, entitlement.PhasePartial, entitlement.PhaseFailed,
	},
	entitlement.PhaseUpdating: {
		entitlement.PhaseDelivered, entitlement.PhaseFailed,
	},
	entitlement.PhaseRevoking: {
		entitlement.PhaseRemoved,
	},
	entitlement.PhaseRemoved: {
		entitlement.PhaseDelivered,
	},
	entitlement.PhasePartial: {
		entitlement.PhaseReady,
	},
	entitlement.PhaseFailed: {
		entitlement.PhaseCreated, entitlement.PhaseDetermining, entitlement.PhaseApproved, entitlement.PhaseReady, entitlement.PhaseCanceled,
	},
}

// Diagram returns the edges as a Mermaid state diagram.
func Diagram() string {
	var b strings.Builder
	b.WriteString("stateDiagram-v2\n    [*] --> new\n")
	for _, from := range entitlement.Phases {
		for _, to := range edges[from] {
			fmt.Fprintf(&b, "    %s --> %s\n", from, to)
		}
		if from.Finished() {
			fmt.Fprintf(&b, "    %s --> [*]\n", from)
		}
	}
	return b.String()
}
