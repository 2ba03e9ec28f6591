package engine

import (
	"errors"

	"anteroom/internal/entitlement"
	"anteroom/internal/store"
)

// describe gives the record of a change what the audit log shows of it: its name, what it is
// about, and, of an update, which members changed. A record of what the audit log does not
// show stays as it is.
func (ed *edit) describe(rec *entitlement.Record, before, after any) error {
	obj := after
	if obj == nil {
		obj = before
	}
	switch create, update, remove := activitiesOf(obj); {
	case before == nil:
		rec.Activity = create
	case after == nil:
		rec.Activity = remove
	default:
		rec.Activity = update
	}
	if rec.Activity == "" {
		return nil
	}
	rec.Result = entitlement.AuditSuccess
	t := targets{edit: ed}
	t.of(obj)
	if rec.Targets = t.list; len(t.list) > 0 {
		rec.Targets[0].Changes = changesOf(before, after)
	}
	return t.err
}

// activitiesOf returns the names under which the audit log shows that such an object is
// made, changed and removed. A resource of a catalog comes and goes by a request for it, and
// is shown under the name of that; a role of a package is part of the package.
//
// graph: Microsoft Entra audit log activity reference
func activitiesOf(obj any) (create, update, remove entitlement.Activity) {
	switch o := obj.(type) {
	case *entitlement.Catalog:
		return entitlement.ActivityCreateCatalog, entitlement.ActivityUpdateCatalog, entitlement.ActivityDeleteCatalog
	case *entitlement.Package:
		return entitlement.ActivityCreatePackage, entitlement.ActivityUpdatePackage, entitlement.ActivityDeletePackage
	case *entitlement.RoleScope:
		return entitlement.ActivityUpdatePackage, entitlement.ActivityUpdatePackage, entitlement.ActivityUpdatePackage
	case *entitlement.Policy:
		return entitlement.ActivityCreatePolicy, entitlement.ActivityUpdatePolicy, entitlement.ActivityDeletePolicy
	case *entitlement.Extension:
		return entitlement.ActivityCreateExtension, entitlement.ActivityUpdateExtension, entitlement.ActivityDeleteExtension
	case *entitlement.Resource:
		return entitlement.ActivityAddResource, entitlement.ActivityUpdateResource, entitlement.ActivityRemoveResource
	case *entitlement.Request:
		return "", "", entitlement.ActivityDelete
	case *entitlement.ConnectedOrganization:
		return entitlement.ActivityCreateOrganization, entitlement.ActivityUpdateOrganization, entitlement.ActivityDeleteOrganization
	case *entitlement.Incompatibility:
		if o.GroupID != "" {
			return entitlement.ActivityIncompatibleGroup, "", entitlement.ActivityNoIncompatibleGroup
		}
		return entitlement.ActivityIncompatiblePackage, "", entitlement.ActivityNoIncompatiblePackage
	case *entitlement.Settings:
		return "", entitlement.ActivityUpdateSettings, ""
	case *entitlement.User:
		return entitlement.ActivityAddUser, entitlement.ActivityUpdateUser, entitlement.ActivityDeleteUser
	case *entitlement.Group:
		return entitlement.ActivityAddGroup, entitlement.ActivityUpdateGroup, entitlement.ActivityDeleteGroup
	case *entitlement.Membership:
		return entitlement.ActivityAddMember, "", entitlement.ActivityRemoveMember
	case *entitlement.ServicePrincipal:
		return entitlement.ActivityAddPrincipal, entitlement.ActivityUpdatePrincipal, entitlement.ActivityDeletePrincipal
	}
	return "", "", ""
}

// targets gathers what a change is about.
//
// graph: targetResource
type targets struct {
	*edit
	list []entitlement.RecordTarget
	err  error
}

// of adds what a change of an object is about, the object itself first, as it is called now.
func (t *targets) of(obj any) {
	switch o := obj.(type) {
	case *entitlement.Catalog:
		t.add("AccessPackageCatalog", o.ID, o.DisplayName)
	case *entitlement.Package:
		t.add("AccessPackage", o.ID, o.DisplayName)
	case *entitlement.RoleScope:
		t.pkg(o.PackageID)
		related(t, t.tx.Resources, "AccessPackageResource", o.ResourceID)
	case *entitlement.Policy:
		t.add("AccessPackageAssignmentPolicy", o.ID, o.DisplayName)
		t.pkg(o.PackageID)
	case *entitlement.Extension:
		t.add("CustomExtension", o.ID, o.DisplayName)
	case *entitlement.Resource:
		t.add("AccessPackageResource", o.ID, o.DisplayName)
		related(t, t.tx.Catalogs, "AccessPackageCatalog", o.CatalogID)
	case *entitlement.Request:
		t.add("AccessPackageAssignmentRequest", o.ID, "")
		if o.Target.Type == entitlement.SubjectServicePrincipal {
			t.add("ServicePrincipal", o.TargetID, o.Target.DisplayName)
		} else {
			t.add("User", o.TargetID, o.Target.DisplayName)
		}
		t.list[1].UPN = o.Target.PrincipalName
		t.pkg(o.PackageID)
	case *entitlement.ConnectedOrganization:
		t.add("ConnectedOrganization", o.ID, o.DisplayName)
	case *entitlement.Incompatibility:
		t.pkg(o.PackageID)
		t.pkg(o.OtherPackageID)
		related(t, t.tx.Groups, "Group", o.GroupID)
	case *entitlement.Settings:
		t.add("TenantSetting", entitlement.ID(t.by.Tenant), "")
	case *entitlement.User:
		t.add("User", o.ID, o.DisplayName)
		t.list[len(t.list)-1].UPN = o.UserPrincipalName
	case *entitlement.Group:
		t.add("Group", o.ID, o.DisplayName)
	case *entitlement.Membership:
		t.member(o.MemberID)
		related(t, t.tx.Groups, "Group", o.GroupID)
	case *entitlement.ServicePrincipal:
		t.add("ServicePrincipal", o.ID, o.DisplayName)
	}
}

func (t *targets) add(kind string, id entitlement.ID, name string) {
	t.list = append(t.list, entitlement.RecordTarget{ID: id, Kind: kind, Name: name})
}

func (t *targets) pkg(id entitlement.ID) { related(t, t.tx.Packages, "AccessPackage", id) }

// member adds a user or a service principal.
func (t *targets) member(id entitlement.ID) {
	if t.err == nil {
		p, err := t.tx.Principals.Get(t.ctx, id)
		if err == nil {
			t.of(p)
			return
		}
		if !errors.Is(err, store.ErrNotFound) {
			t.err = err
		}
	}
	related(t, t.tx.Users, "User", id)
}

// related adds an object that another hangs on, without a name where it is gone.
func related[T any](t *targets, table store.Table[T], kind string, id entitlement.ID) {
	if id == "" || t.err != nil {
		return
	}
	obj, err := table.Get(t.ctx, id)
	switch {
	case errors.Is(err, store.ErrNotFound):
		t.add(kind, id, "")
	case err != nil:
		t.err = err
	default:
		t.of(obj)
	}
}
