package entitlement

// Catalog is an accessPackageCatalog: a container of access packages, resources
// and custom extensions.
type Catalog struct {
	Object
	DisplayName         string       `json:"-"`
	Description         *string      `json:"description,omitzero"`
	State               CatalogState `json:"state"`
	Type                CatalogType  `json:"type"`
	IsExternallyVisible bool         `json:"isExternallyVisible"`
}

// CatalogState is accessPackageCatalogState. Packages of an unpublished catalog are
// not offered to requestors.
type CatalogState string

// Members of accessPackageCatalogState.
const (
	CatalogUnpublished CatalogState = "unpublished"
	CatalogPublished   CatalogState = "published"
)

// CatalogStates lists the members in schema order.
var CatalogStates = []CatalogState{CatalogUnpublished, CatalogPublished}

// CatalogType is accessPackageCatalogType; it is read-only.
type CatalogType string

// Members of accessPackageCatalogType.
const (
	CatalogUserManaged    CatalogType = "userManaged"
	CatalogServiceDefault CatalogType = "serviceDefault" // the built-in "General"
)

// Limits of text that a caller may store, in characters.
const (
	MaxName = 256
	MaxText = 4000
)

// Validate checks what can be said of a catalog alone.
func (c *Catalog) Validate() error {
	if err := checkName(c.DisplayName); err != nil {
		return err
	}
	return checkText("description", c.Description)
}
