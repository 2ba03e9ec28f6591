package entitlement

import "time"

// Settings are what a tenant has set for all of its packages.
//
// graph: entitlementManagementSettings, endUserSettings
type Settings struct {
	// ExternalUserLifecycle is what happens to a guest whose last assignment ends;
	// empty means none.
	ExternalUserLifecycle LifecycleAction `json:"externalUserLifecycle,omitzero"`
	// DeletedAfterBlocked is how long after the block a guest is deleted
	// (durationUntilExternalUserDeletedAfterBlocked).
	DeletedAfterBlocked time.Duration `json:"deletedAfterBlocked,omitzero,format:nano"`
	// ShowApprovers lets requestors see who decided, where a policy leaves it open
	// (showApproverDetailsToMembers).
	ShowApprovers bool `json:"showApprovers,omitzero"`
}

// LifecycleAction is accessPackageExternalUserLifecycleAction.
type LifecycleAction string

// Members of accessPackageExternalUserLifecycleAction.
const (
	LifecycleNone           LifecycleAction = "none"
	LifecycleBlock          LifecycleAction = "blockSignIn"
	LifecycleBlockAndDelete LifecycleAction = "blockSignInAndDelete"
)

// LifecycleActions lists the members in schema order.
var LifecycleActions = []LifecycleAction{LifecycleNone, LifecycleBlock, LifecycleBlockAndDelete}
