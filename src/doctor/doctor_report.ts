/** The findings of `raycam doctor` and of the page's doctor: a record per adapter, in the same form in both. */
import { DeviceError, messageOf } from '../errors/index.ts';
import { type AdapterChoice, type AdapterReport, sizeLimits } from '../runtime/adapter.ts';
import { Device } from '../runtime/device.ts';
import { type SelfTestResult, selfTest } from './self_test.ts';

/** A self-test that an error stopped. */
export interface FailedSelfTest {
  readonly passed: false;
  readonly reason: string;
}

export interface AbsentAdapter {
  readonly adapter: AdapterChoice;
  readonly present: false;
  readonly reason: string;
}

export interface PresentAdapter extends AdapterReport {
  readonly adapter: AdapterChoice;
  readonly present: true;
  readonly limits: Readonly<Record<string, number>>;
  readonly selfTest: SelfTestResult | FailedSelfTest;
}

export type AdapterRecord = AbsentAdapter | PresentAdapter;

/** The part of a report that can be compared with other reports. */
export interface DoctorReport {
  readonly adapters: readonly AdapterRecord[];
}

/** Opens an adapter, runs the self-test on it, and disposes its device. */
export async function checkAdapter(adapter: AdapterChoice, threads?: number): Promise<AdapterRecord> {
  let device: Device;
  try {
    device = await Device.open({ adapter, threads });
  } catch (error) {
    if (error instanceof DeviceError) return { adapter, present: false, reason: error.message };
    throw error;
  }
  try {
    const limits = sizeLimits(device.limits);
    return { adapter, present: true, ...device.adapter, limits, selfTest: await tested(device) };
  } finally {
    device.dispose();
  }
}

async function tested(device: Device): Promise<SelfTestResult | FailedSelfTest> {
  try {
    return await selfTest(device);
  } catch (error) {
    return { passed: false, reason: messageOf(error) };
  }
}
