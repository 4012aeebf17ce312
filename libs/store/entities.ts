import 'reflect-metadata';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Tables that are read and written one row at a time. Everything on a hot path has hand-written SQL in its own store. */

@Entity({ name: 'watermark' })
export class WatermarkEntity {
  @PrimaryColumn({ type: 'text' }) system: string;
  @PrimaryColumn({ type: 'text' }) channel: string;
  /** What the channel's reader needs to go on: its own words. */
  @Column({ type: 'jsonb' }) position: object;
  @Column({ type: 'timestamptz', name: 'moved_at' }) movedAt: Date;
}

@Entity({ name: 'snapshot_file' })
export class SnapshotFileEntity {
  /** SHA-256 of the file's bytes, hex. */
  @PrimaryColumn({ type: 'text' }) digest: string;
  @Column({ type: 'text' }) system: string;
  @Column({ type: 'text' }) name: string;
  /** Size; text because PostgreSQL's bigint is. */
  @Column({ type: 'bigint' }) bytes: string;
  @Column({ type: 'text' }) state: 'reading' | 'read' | 'refused';
  @Column({ type: 'bigint', name: 'rows_read' }) rowsRead: string;
  @Column({ type: 'bigint', name: 'rows_accepted' }) rowsAccepted: string;
  @Column({ type: 'bigint', name: 'rows_superseded' }) rowsSuperseded: string;
  @Column({ type: 'bigint', name: 'rows_void' }) rowsVoid: string;
  @Column({ type: 'bigint', name: 'rows_dead' }) rowsDead: string;
  /** Why it was refused; no personal value. */
  @Column({ type: 'text', nullable: true }) reason: string | null;
  @Column({ type: 'timestamptz', name: 'started_at' }) startedAt: Date;
  @Column({ type: 'timestamptz', name: 'ended_at', nullable: true }) endedAt: Date | null;
}

@Entity({ name: 'connector_state' })
export class ConnectorStateEntity {
  @PrimaryColumn({ type: 'text' }) system: string;
  @Column({ type: 'text' }) state: 'running' | 'stopped' | 'disabled';
  @Column({ type: 'text', nullable: true }) code: string | null;
  @Column({ type: 'text', nullable: true }) reason: string | null;
  @Column({ type: 'timestamptz', name: 'changed_at' }) changedAt: Date;
}
