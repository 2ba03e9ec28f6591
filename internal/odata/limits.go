package odata

// Limits of what is read. Each refusal states the limit that was passed.
const (
	MaxQueryBytes   = 16 << 10 // the query of a URL, as sent
	MaxPathBytes    = 2048     // the path of a URL, as sent
	MaxSegments     = 32       // segments of a path
	MaxFilterNodes  = 200      // comparisons, functions and operators of one filter
	MaxFilterDepth  = 20       // parentheses and "not" around each other
	MaxListItems    = 100      // values of one "in"
	MaxSelectItems  = 100      // names of one $select
	MaxExpandDepth  = 3        // $expand within $expand
	MaxExpandItems  = 10       // navigations of $expand, nested ones included
	MaxOrderByItems = 5        // keys of one $orderby
	MaxTop          = 999      // $top
	MaxSearchBytes  = 256      // $search
	MaxTokenBytes   = 2048     // a skip token
)

// maxSkip is the largest $skip.
const maxSkip = 1<<31 - 1
