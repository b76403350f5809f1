/** The account in one line: the sums for and against the class, the bias, and the logit that the kernels computed. */
import type { Account, AccountRequest } from '../../../inspection/ledger_account.ts';
import type { Masked } from './ledger_state.ts';

export interface BalanceProps {
  readonly account: Account;
  /** Absent while it is computed. */
  readonly masked: Masked | undefined;
  readonly of: AccountRequest['of'];
  readonly offCount: number;
}

const DECIMALS = 4;

export function Balance({ account, masked, of, offCount }: BalanceProps) {
  const [first, second] = of;
  const logit = masked && masked.logits[first]! - (second === undefined ? 0 : masked.logits[second]!);
  return (
    <section class="balance" aria-label={`Account of ${account.about}`}>
      <Item sign="" value={account.for.sum} id="sum-for" text={`${account.for.channels} channels for it`} side="for" />
      <Item
        sign="−"
        value={Math.abs(account.against.sum)}
        id="sum-against"
        text={`${account.against.channels} against it`}
        side="against"
      />
      <Item sign={account.bias < 0 ? '−' : '+'} value={Math.abs(account.bias)} id="bias" text="bias" />
      <Item sign="=" value={account.sum} id="ledger-sum" text={offCount > 0 ? `sum, ${offCount} off` : 'sum'} />
      <div class="balance-item balance-logit">
        <b class="number" data-testid="ledger-logit" data-value={logit}>
          {logit === undefined ? '…' : signed(logit)}
        </b>
        <span>
          {second === undefined ? `logit of ${first}` : `logit of ${first} minus that of ${second}`}, computed by the
          kernels
        </span>
      </div>
    </section>
  );
}

interface ItemProps {
  readonly sign: string;
  readonly value: number;
  readonly id: string;
  readonly text: string;
  readonly side?: 'for' | 'against';
}

function Item({ sign, value, id, text, side }: ItemProps) {
  return (
    <div class="balance-item" data-side={side}>
      <b class="number">
        {sign && <span class="balance-sign">{sign} </span>}
        <span data-testid={id} data-value={value}>
          {signed(value)}
        </span>
      </b>
      <span>{text}</span>
    </div>
  );
}

function signed(value: number): string {
  return value.toFixed(DECIMALS).replace('-', '−');
}
