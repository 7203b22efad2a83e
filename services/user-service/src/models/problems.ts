import type { ProblemType } from '@berth/service-kit';

/** 409: another user has this address. */
export const emailTaken: ProblemType = { code: 'email_taken', status: 409, title: 'E-mail taken' };

/** 404: there is no such user. Order-service relies on this code. */
export const userNotFound: ProblemType = { code: 'user_not_found', status: 404, title: 'User not found' };
