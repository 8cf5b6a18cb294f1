export { eraseBulkChanges } from './bulk/erase.ts';
export type { BulkErased, BulkErasure } from './bulk/erase.ts';
export { serveBulk } from './bulk/serve-bulk.ts';
export type { BulkContext, BulkResource } from './bulk/serve-bulk.ts';
export { Batch, runBatch } from './changes/batch.ts';
export { changeRecords, isCollision } from './changes/change-records.ts';
export { oneByOne } from './changes/one-by-one.ts';
export { checkVersion, etagOf, isUnchanged, requireVersion } from './changes/version.ts';
export { resourceError, resourceErrors } from './errors.ts';
export { inputsOf, readFields, schemasOf } from './fields/field.ts';
export type { Checked, ColumnType, Field, FieldSet, FieldsOf, FoldedColumn } from './fields/field.ts';
export { applyMergePatch, isObject } from './fields/merge-patch.ts';
export type { JsonObject } from './fields/merge-patch.ts';
export { multiChoiceField, toldChoices } from './fields/list-fields.ts';
export { Id, Instant, Nullable, bookkeeping } from './fields/schemas.ts';
export type { Bookkeeping, Kept } from './fields/schemas.ts';
export {
  choiceField,
  domainField,
  emailField,
  kindOf,
  longTextField,
  optionalText,
  phoneField,
  readText,
  referenceField,
  refused,
  requiredTextField,
  textField,
  websiteField,
} from './fields/text-fields.ts';
export type { Described } from './fields/text-fields.ts';
export { cut, foldAccents, foldCase, keepText, maxKeyLength } from './fields/text.ts';
export type { TextResult } from './fields/text.ts';
export {
  booleanField,
  dateField,
  decimalField,
  instantField,
  integerField,
  keepDecimal,
} from './fields/value-fields.ts';
export { columnsOf } from './query/columns.ts';
export type { Column, Columns } from './query/columns.ts';
export { toStatement } from './query/compiler.ts';
export type { Queryable } from './query/compiler.ts';
export { columnRef, conditionSql, joined } from './query/condition-sql.ts';
export type { Sql } from './query/condition-sql.ts';
export { countRows } from './query/count.ts';
export type { Count } from './query/count.ts';
export { readFilter } from './query/filter.ts';
export type { Condition } from './query/filter.ts';
export {
  listName,
  listParameters,
  pageParameters,
  readListRequest,
  readShape,
  shapeParameters,
} from './query/list-request.ts';
export type { ListQuery, ListRequest, Shape, ShapeRequest } from './query/list-request.ts';
export { readPage } from './query/page.ts';
export type { ListSource, Page } from './query/page.ts';
export { shaped } from './query/shape.ts';
export { idOrder, readSort } from './query/sort.ts';
export type { SortKey } from './query/sort.ts';
export { relationTo } from './relations/relation.ts';
export type { Relation } from './relations/relation.ts';
export { resourceRoutes } from './routes/resource-routes.ts';
export type { Resource, ResourceRoute } from './routes/resource.ts';
export { callerOf } from './routes/read-routes.ts';
export { IdParams, Nothing, PageOf, answerOf, versionHeaders } from './routes/schemas.ts';
export { serveTable } from './serve.ts';
export type { BulkService, RecordEdit, RecordPage, ResourceRecord, ResourceService } from './service.ts';
export { defineTable } from './table/define-table.ts';
export type { TableChange, TableResource } from './table/define-table.ts';
